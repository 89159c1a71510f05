"""matplotlib, which is optional."""


def import_pyplot(caller):
    """Return ``matplotlib.pyplot``, or raise an ImportError that says how to get it."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            f"{caller} needs matplotlib; install it with pip install 'skdropout[plot]'."
        ) from error
    return plt
