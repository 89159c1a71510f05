"""Arguments of what is used in one's own training loop, and of the makers of data."""

from skdropout.nn import RelevanceDropout
from tests.harness.fuzz.arguments import (
    COUNTS,
    GENERATORS,
    LENGTHS,
    NETWORK,
    RATES,
    RULES,
    SIZES,
    TARGETS,
    TEMPLATES,
    F,
    G,
    Spec,
    X,
)

_DATA = {
    "n_samples": SIZES,
    "noise": [*LENGTHS, "0", "-1", "np.float32(0.1)"],
    "random_state": ["0", "None", "np.random.RandomState(0)", "2**32", "np.random.default_rng(0)"],
}


def _dropped(model, x, y=None, again=False, evaluation=False, **options):
    """Pass a batch through a ``RelevanceDropout``."""
    drop = RelevanceDropout(model, **options)
    drop.train(evaluation is not True)
    return [drop(x, y) for _ in range(2 if again is True else 1)]


LOOPS_AND_DATA = {
    "nn.RelevanceDropout": Spec(
        {"model": NETWORK, "x": X, "generator": G},
        {
            "model": F,
            "x": [*TEMPLATES, "points(2, 1, 4, 4)", "points(2, 3, 2)"],
            "y": TARGETS,
            **dict.fromkeys(("alpha", "beta", "probability"), RATES),
            "rule": RULES,
            "groups": [
                *(
                    "None",
                    "torch.tensor([0, 1, 0, 2])",
                    "torch.tensor([0, -1, 0, 2])",
                    "[0, 1, 0, 2]",
                ),
                *(
                    "torch.tensor([0, 1])",
                    "torch.tensor([0.0, 1, 0, 2])",
                    "torch.tensor([]).long()",
                ),
                *("torch.tensor([0, 1, 0, 10**12])", "torch.tensor([0, 1, 0, 2]).int()"),
            ],
            "fill": [
                *LENGTHS,
                "torch.zeros(4)",
                "points(3, 1)",
                "torch.ones(3)",
                "np.nan",
                "points(2, 3, 4)",
            ],
            "warmup": [*COUNTS, "10**15", "-1"],
            "occlusion": ["'element'", "'block'", "'pixel'", "['block']"],
            "generator": GENERATORS,
            "again": ["True", "False"],
            "evaluation": ["True", "False"],
        },
        ("model", "x", "y"),
        often=4,
        call=_dropped,
    ),
    "datasets.make_interactions": Spec(
        {"n_samples": "10"},
        {
            "name": [*(f"'F{i}'" for i in range(1, 12)), "np.str_('F3')", "['F1']"],
            "correlation": [*RATES, "0.999999"],
            **_DATA,
        },
    ),
    "datasets.make_pure_interaction": Spec(
        {"n_samples": "10"}, {"n_features": SIZES, "order": [*COUNTS, "10", "11"], **_DATA}
    ),
    "datasets.make_four_quadrants": Spec({"n_samples": "10"}, _DATA),
    "datasets.open_table": Spec(
        {"source": "np.eye(4)"},
        {
            "source": [
                *("np.eye(3)", "np.eye(3, dtype=bool)[1:]", "np.ones((2, 3), np.float16)"),
                *("np.ones(3)", "np.ones((0, 3))", "np.ones((3, 0))", "np.array([['a']])"),
                *("'nowhere'", "'nowhere.npy'", "None", "3", "[[1.0]]", "torch.eye(2)"),
            ],
            "target": ["None", "'y'", "['y']", "[]", "0"],
        },
        often=1,
        look=lambda found: found[0].shape[0],
    ),
    "datasets.load_bike_sharing": Spec(
        {},
        {"return_X_y": ["True", "False"], "as_frame": ["True", "False"]},
        often=1,
        look=lambda _: 0,
    ),
}
