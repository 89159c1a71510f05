"""Copies within scorers and scikit-learn's callbacks, and of all that is no estimator."""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score
from torch import nn

from skdropout.callbacks import SpectrumCallback
from skdropout.inspection import (
    DropoutPathDisplay,
    DropoutScheduleDisplay,
    EmbeddingDisplay,
    InteractionDisplay,
    OcclusionDisplay,
    OrderSpectrumDisplay,
)
from skdropout.nn import RelevanceDropout
from tests.harness.life.answers import answers, differing, digest
from tests.harness.life.moments import fit, is_fitted, undisturbed
from tests.harness.life.subjects import EVERY, NETWORKS, OF_A_SEARCH, SUBJECTS
from tests.harness.life.ways import IN_THE_MIDDLE, WAYS

# In a search a scorer gets the predictions that were made in the precision of training.
_SINGLE = 1e-5


class CopyingScorer:
    """Score a copy in the place of the estimator; remember in what they differ."""

    def __init__(self, copied):
        self.copied, self.differs = copied, []

    def __call__(self, estimator, X, y):
        twin, rows = self.copied(estimator), X.copy()
        self.differs += differing(answers(twin, rows), answers(estimator, rows))
        name = "predict_proba" if hasattr(estimator, "predict_proba") else "predict"
        known, found = (getattr(one, name)(X) for one in (estimator, twin))
        scale = max(1, np.abs(found).max())
        if not np.allclose(known, found, rtol=0, atol=_SINGLE * scale):
            self.differs.append("what was known differs")
        return -float(np.square(found).mean())


def _in_a_scorer(about, way):
    subject = EVERY[about]
    X, y = subject.data()
    copying, plain = CopyingScorer(WAYS[way]), CopyingScorer(lambda estimator: estimator)
    if "scoring" in subject.new().get_params():
        scores = []
        for scorer in (copying, plain):
            model = fit(subject.new(scoring=scorer), subject)
            scores.append(answers(model, X))
        # of other predictions for known rows
        allowed = {"scores_", "cv_results_", "best_score_", "oof_score_"}
        differs = [name for name in differing(*scores) if name.split()[0] not in allowed]
    else:
        scores = [
            cross_val_score(subject.new(early_stopping=False), X, y, cv=2, scoring=scorer)
            for scorer in (copying, plain)
        ]
        differs = [] if np.array_equal(*scores) else ["scores differ"]
    return copying.differs + differs


class CopyingTask:
    """A callback of scikit-learn's that copies the estimator in training, and as it is so far."""

    def __init__(self, copied, X):
        self.copied, self.X = copied, X
        self.twin, self.differs = None, []

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if self.twin is not None or context.task_name != "epoch":
            return
        self.twin = self.copied(estimator)
        found = self.copied(fitted_estimator)
        self.differs += differing(answers(found, self.X), answers(fitted_estimator, self.X))

    def teardown(self, estimator, context):
        pass


def _in_a_task(about, way):
    subject = EVERY[about]
    X, _ = subject.data()
    task = CopyingTask(WAYS[way], X)
    model = fit(subject.new().set_callbacks(task), subject)
    differs = task.differs + differing(answers(model, X), undisturbed(about))
    differs += ["the copy in training is fitted"] if is_fitted(task.twin) else []
    return differs + differing(answers(fit(task.twin, subject), X), undisturbed(about))


_SPECTRUM = {"max_order": 2, "n_evaluations": 2000, "random_state": 0}


def _spectrum_callback(model, X, y):
    callback = SpectrumCallback(X, **_SPECTRUM)
    clone(model).set_params(callbacks=[callback]).fit(X, y)
    return callback


def _path(model, X, y):
    search = SUBJECTS["DropoutMLPRegressorCV"]
    return DropoutPathDisplay.from_estimator(search.new().fit(X, y))


# of a fitted model, its table and target
THINGS = {
    "plan": lambda model, X, y: model._plan,
    "SpectrumCallback": _spectrum_callback,
    "OrderSpectrumDisplay": lambda model, X, y: OrderSpectrumDisplay.from_estimator(
        model, X, **_SPECTRUM
    ),
    "OcclusionDisplay": lambda model, X, y: OcclusionDisplay.from_estimators({"net": model}, X, y),
    "InteractionDisplay": lambda model, X, y: InteractionDisplay.from_estimator(
        model, X, random_state=0
    ),
    "EmbeddingDisplay": lambda model, X, y: EmbeddingDisplay.from_estimator(model, "city"),
    "DropoutPathDisplay": _path,
    "DropoutScheduleDisplay": lambda model, X, y: DropoutScheduleDisplay.from_estimator(model),
}


def _of_a_thing(about, way):
    subject = SUBJECTS["DropoutMLPRegressor"]
    X, y = subject.data()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        thing = THINGS[about](subject.new().set_params(n_members=1).fit(X, y), X, y)
    try:
        before = digest(vars(thing))
        found = digest(vars(WAYS[way](thing)))
        return [] if found == before == digest(vars(thing)) else [f"{about} differs"]
    finally:
        plt.close("all")


def _of_relevance_dropout(about, way):
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(16, 4, generator=generator)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    groups = torch.tensor([0, 0, 1, 2]) if about == "in groups" else None
    drop = RelevanceDropout(model, groups=groups, warmup=1, probability=0.7, generator=generator)
    drop(x)  # a batch of the warm-up
    twin = WAYS[way](drop)
    if way == "copy":  # which shares the generator
        twin.generator = torch.Generator()
        twin.generator.set_state(generator.get_state())
    same = all(torch.equal(twin(x), drop(x)) for _ in range(3))
    return [] if same and twin.n_batches == drop.n_batches else ["draws differ"]


_ABLE_TO_SCORE = [name for name in NETWORKS if name not in ("maker of images", "images", "blocks")]
KINDS = {
    "in a scorer": (_ABLE_TO_SCORE, (*IN_THE_MIDDLE, "copy"), _in_a_scorer),
    "in a task": (
        [name for name in NETWORKS if name not in OF_A_SEARCH],
        IN_THE_MIDDLE,
        _in_a_task,
    ),
    "of a thing": (THINGS, tuple(WAYS), _of_a_thing),
    "of RelevanceDropout": (("plain", "in groups"), tuple(WAYS), _of_relevance_dropout),
}
