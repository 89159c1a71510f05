"""Where tensors live, and random states, when something fails."""

import pytest
import torch

from skdropout._device import resolve_device, seeded


def test_memory_that_runs_out_is_no_missing_device(monkeypatch):
    def empty(*_, **__):
        raise torch.cuda.OutOfMemoryError("none left")

    monkeypatch.setattr(torch, "empty", empty)
    with pytest.raises(torch.cuda.OutOfMemoryError, match="none left"):
        resolve_device("cpu")


@pytest.mark.usefixtures("untouched_random_state")
def test_states_are_put_back_where_another_generator_cannot_be_seeded(monkeypatch):
    class Module:
        def get_rng_state(self):
            return None

        def set_rng_state(self, state):
            assert state is None

        def manual_seed(self, seed):
            raise RuntimeError("lost the device")

    monkeypatch.setattr(torch, "get_device_module", lambda _: Module())
    with pytest.raises(RuntimeError, match="lost the device"), seeded(0, torch.device("cuda")):
        raise AssertionError("never reached")
