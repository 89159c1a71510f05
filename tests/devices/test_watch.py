"""The watch sees what would wait for a device, be on another or need precision it has not."""

import pytest
import torch

from tests.devices.unseen import (
    META,
    TO_DEVICE,
    TO_HOST,
    CopyError,
    CPUTensorError,
    Float64Error,
    Watch,
)

LOOKS = {
    "item": lambda x: x.sum().item(),
    "float": lambda x: float(x.sum()),
    "int": lambda x: int(x.sum()),
    "if": lambda x: bool(x.any()),
    "list": lambda x: x.tolist(),
    "cpu": lambda x: x.cpu(),
    "to the CPU": lambda x: x.to("cpu", torch.float64),
}
SENDINGS = {
    "to": lambda x: torch.zeros(3).to(META),
    "copy_": lambda x: x.copy_(torch.zeros(3)),
    "tensor": lambda x: torch.tensor([1.0, 2.0], device=META),
    "new_tensor": lambda x: x.new_tensor([1.0, 2.0]),
    "index": lambda x: x[..., [0, 1]],
}


@pytest.mark.parametrize("inference", [False, True])
@pytest.mark.parametrize("name", [*LOOKS, *SENDINGS])
def test_copies(name, inference):
    watch, direction = Watch(has_float64=True), TO_HOST if name in LOOKS else TO_DEVICE
    with torch.inference_mode(inference):
        x = torch.zeros(3, device=META)
        with watch.on():
            (LOOKS | SENDINGS)[name](x)
            assert [crossed for crossed, _ in watch.copies] == [direction]
            with watch.within_epoch(), pytest.raises(CopyError, match=direction):
                (LOOKS | SENDINGS)[name](x)


def test_an_index_on_the_cpu():
    """torch takes it, and copies it to the device each time."""
    x, index = torch.zeros(3, device=META), torch.tensor([0, 1])
    assert x[index].device == META
    with Watch().on(), pytest.raises(CPUTensorError, match="index"):
        x[index]


def test_places_that_depend_on_numbers():
    x = torch.zeros(3, device=META)
    with Watch().on(), pytest.raises(NotImplementedError):
        x[x > 0]


@pytest.mark.parametrize("make", [lambda x: x.double(), lambda x: torch.zeros(3).double().to(META)])
def test_float64(make):
    with Watch().on(), pytest.raises(Float64Error):
        make(torch.zeros(3, device=META))


def test_what_was_sent_comes_back():
    with Watch().on():
        there = torch.tensor([1.0, 5.0]).to(META)
        assert there.tolist() == [1.0, 5.0]
        assert there.add_(1).tolist() == [1.0, 1.0]
