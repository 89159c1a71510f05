"""What tests of displays share."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest


@pytest.fixture
def agg():
    """Draw on no screen, and close what was drawn."""
    with mpl.rc_context({"backend": "agg"}):
        yield
    plt.close("all")
