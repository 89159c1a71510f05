import numpy as np
import pytest
import torch

from skdropout._stack.layers import KeepLaw, MaskSource
from tests.functional.pretended_device import pretended_device

CPU = torch.device("cpu")
N = 400_000


@pytest.mark.parametrize("rate", [0.0, 1e-6, 0.001, 0.1, 0.25, 0.5, 0.9, 0.99999])
def test_rate_and_mean(rate):
    """Units are dropped at the rate asked for, to 1/131072, and the mean of a mask is one."""
    law = KeepLaw.from_rates([rate], CPU, torch.float64)
    keep = 1 / law.scale.item()
    assert abs((1 - keep) - rate) <= 1 / 131072 + 1e-12
    mask = MaskSource(0, CPU).draw(law, (1, N, 1))
    assert set(mask.unique().tolist()) <= {0.0, law.scale.item()}
    # the kept fraction is binomial: four standard errors
    kept = (mask > 0).double().mean().item()
    assert abs(kept - keep) <= 4 * np.sqrt(keep * (1 - keep) / N)


def test_law_is_exact_for_every_integer():
    """All 65,536 outcomes once: as many are kept as the scale claims."""
    rates = [0.0, 0.1, 1 / 3, 0.5, 0.999999]
    law = KeepLaw.from_rates(rates, CPU, torch.float64)
    source = MaskSource(0, CPU)
    every = np.arange(2**16, dtype=np.uint16)
    source._integers = lambda shape: np.broadcast_to(every, shape)
    masks = source.draw(law, (len(rates), 1, 2**16))
    torch.testing.assert_close(masks.mean((1, 2)), torch.ones(len(rates), dtype=torch.float64))


def test_members_have_rates_of_their_own():
    law = KeepLaw.from_rates([0.0, 0.5, 0.8], CPU, torch.float32)
    mask = MaskSource(0, CPU).draw(law, (3, 1000, 100))
    np.testing.assert_allclose((mask == 0).float().mean((1, 2)), [0, 0.5, 0.8], atol=0.01)


def test_units_are_independent():
    """Neighbouring units share a 64-bit word, and must not share their fate.

    Correlations of independent units have standard deviation 1/sqrt(rows): five of them bound
    the largest of the 28 with probability above 1 - 2e-5.
    """
    law = KeepLaw.from_rates([0.3], CPU, torch.float64)
    rows = 100_000
    mask = MaskSource(1, CPU).draw(law, (1, rows, 8))[0]
    correlation = np.corrcoef(mask.numpy().T) - np.eye(8)
    assert np.abs(correlation).max() < 5 / np.sqrt(rows)


def test_seed_fixes_the_stream():
    law = KeepLaw.from_rates([0.3], CPU, torch.float32)
    first, second, other = (MaskSource(seed, CPU) for seed in (7, 7, 8))
    for shape in ((1, 3, 5), (1, 2, 7)):
        mask = first.draw(law, shape)
        torch.testing.assert_close(mask, second.draw(law, shape), rtol=0, atol=0)
    assert not torch.equal(first.draw(law, (1, 50, 50)), other.draw(law, (1, 50, 50)))


def test_rates_on_a_device_without_float64():
    rates = torch.tensor([0.0, 0.3])
    known = KeepLaw.from_rates(rates, torch.device("cpu"), torch.float32)
    with pretended_device() as device:
        law = KeepLaw.from_rates(rates.to(device), device, torch.float32)
        np.testing.assert_array_equal(law.threshold.cpu().numpy(), known.threshold)
        torch.testing.assert_close(law.scale.cpu(), known.scale)
