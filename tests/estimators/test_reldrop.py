"""RelDropRegressor and RelDropClassifier."""

import copy
import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.model_selection import GridSearchCV, cross_val_score

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, RelDropClassifier, RelDropRegressor
from skdropout._estimators.template import BaseDropoutMLP
from skdropout._stack import RelevantColumns
from skdropout.functional import Rule, group_sum, relevance, relevance_mask

SMALL = {
    "hidden_layer_sizes": (16, 8),
    "n_members": 1,
    "max_iter": 3,
    "learning_rate_init": 0.01,
    "dropout": 0.0,
    "random_state": 0,
}


@pytest.fixture(scope="module")
def classes():
    return make_classification(200, n_classes=3, n_informative=6, random_state=0)


def test_without_strength_it_is_the_plain_network(mixed_table):
    """Of categories, of which networks know which are missing in any case."""
    X, y = mixed_table
    X = X[[name for name in X if X[name].dtype.kind not in "iuf"]]
    plain = DropoutMLPRegressor(**SMALL).fit(X, y).predict(X)
    for options in ({"beta": 0.0}, {"probability": 0.0}):
        model = RelDropRegressor(**SMALL, **options).fit(X, y)
        np.testing.assert_array_equal(model.predict(X), plain)
    assert not np.array_equal(RelDropRegressor(**SMALL).fit(X, y).predict(X), plain)


def test_a_missing_number_is_told_from_a_median():
    """Of y = x the best guess is the median at the median, and the mean where x is missing.

    One column is always as relevant as can be told, so it is dropped at the rate
    ``(alpha + beta - 1) / alpha``, here 0.4.
    """
    X = np.random.default_rng(0).exponential(size=(400, 1))
    options = {**SMALL, "max_iter": 30, "beta": 0.7, "dropout_schedule": "constant"}
    model = RelDropRegressor(**options).fit(X, X[:, 0])
    at_median, at_nothing = model.predict([[np.median(X)], [np.nan]])
    assert at_median == pytest.approx(np.median(X), abs=0.1)
    assert at_nothing == pytest.approx(X.mean(), abs=0.1)
    assert abs(X.mean() - np.median(X)) > 0.2


def test_hidden_dropout_stays(classes):
    X, y = classes
    options = {**SMALL, "dropout": [0.5, 0.2]}
    plain = DropoutMLPClassifier(**options).fit(X, y)
    model = RelDropClassifier(**options, beta=0.0).fit(X, y)
    np.testing.assert_allclose(model.net_.module_.dropout, [[0.5, 0.2]])
    assert model.loss_curve_ != DropoutMLPClassifier(**SMALL).fit(X, y).loss_curve_
    assert set(plain.get_params()) - set(model.get_params()) == {"input_dropout"}


@pytest.mark.parametrize(
    "rule",
    [
        "gradient_x_input",
        "integrated_gradients",
        "epsilon",
        "zplus",
        "gamma",
        "wsquare",
        Rule("gamma", gamma=1.0),
        ["wsquare", Rule("zplus"), "flat"],
    ],
    ids=str,
)
def test_the_first_step_drops_what_the_rule_finds_relevant(mixed_table, monkeypatch, rule):
    """Without chance (alpha = 0): the most relevant columns, to the typical row's inputs."""
    monkeypatch.setattr(BaseDropoutMLP, "_dtype", torch.float64)
    steps, forward = [], RelevantColumns.forward

    def watched(self, encoded, stack, target, masks):
        seen = forward(self, encoded, stack, target, masks)
        steps.append((copy.deepcopy(stack), encoded.detach(), seen.detach()))
        return seen

    monkeypatch.setattr(RelevantColumns, "forward", watched)
    options = {**SMALL, "max_iter": 1, "n_members": 2, "input_scaling": 0, "activation": "tanh"}
    X, y = mixed_table
    model = RelDropRegressor(**options, rule=rule, alpha=0.0, beta=0.3).fit(X, y)
    stack, encoded, seen = steps[0]
    typical, groups = stack.encoding.typical().detach(), stack.encoding.groups
    for k in range(2):
        network, deviation = stack.member(k), encoded[k] - typical[k]
        size = network(encoded[k]).sign()
        network[0].bias.data = network[0](typical[k])[0]
        of_inputs = size * relevance(network, deviation, rule=rule)
        dropped = relevance_mask(group_sum(of_inputs, groups, n_groups=4), alpha=0.0, beta=0.3)
        assert 0 < dropped.double().mean() < 1
        expected = torch.where(dropped[:, groups], typical[k], encoded[k])
        torch.testing.assert_close(seen[k], expected, rtol=0, atol=1e-12)
    plain = RelDropRegressor(**options, rule=rule, beta=0.0).fit(X, y)
    assert not np.array_equal(model.predict(X), plain.predict(X))


def test_epsilon_trains_as_gradient_x_input_does(mixed_table):
    """With ReLU they differ by rounding alone, which turns few masks."""
    X, y = mixed_table
    models = [RelDropRegressor(**SMALL, rule=rule).fit(X, y) for rule in ("epsilon", "gamma")]
    default = RelDropRegressor(**SMALL).fit(X, y).predict(X)
    near, far = (np.abs(model.predict(X) - default).mean() for model in models)
    assert near < 0.2 * far


def test_a_network_leans_less_on_one_of_two_equal_columns():
    """With the target in two columns of which one is louder, RelDrop makes use of both."""
    rng = np.random.default_rng(0)
    signal = rng.normal(size=600)
    X = np.column_stack([signal, signal + 0.3 * rng.normal(size=600), rng.normal(size=600)])
    without = X.copy()
    without[:, 0] = 0
    options = {**SMALL, "max_iter": 40}
    plain = DropoutMLPRegressor(**options).fit(X, signal).score(without, signal)
    model = RelDropRegressor(**options, beta=0.3).fit(X, signal)
    assert model.score(without, signal) > plain + 0.3
    assert model.score(X, signal) > 0.9


@pytest.mark.parametrize("n_classes", [2, 3])
def test_classes(n_classes):
    X, y = make_classification(
        300, n_classes=n_classes, n_informative=8, class_sep=2.0, random_state=0
    )
    model = RelDropClassifier(**{**SMALL, "max_iter": 30}).fit(X, y)
    assert model.score(X, y) > 0.75


def test_labels():
    X, y = make_multilabel_classification(1000, random_state=0)
    options = {**SMALL, "max_iter": 20, "batch_size": 32}
    model = RelDropClassifier(**options).fit(X[:800], y[:800])
    accuracy = (model.predict(X[800:]) == y[800:]).mean(0)
    most_frequent = np.maximum(y.mean(0), 1 - y.mean(0))
    assert (accuracy > most_frequent).all()


def test_grid_search_over_strength_and_chance(classes):
    grid = {"alpha": [0.3, 1.0], "beta": [0.2, 0.5]}
    search = GridSearchCV(RelDropClassifier(**SMALL), grid, cv=2).fit(*classes)
    assert set(search.best_params_) == {"alpha", "beta"}
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores)) > 1
    alone = [
        cross_val_score(RelDropClassifier(**SMALL, **params), *classes, cv=2).mean()
        for params in search.cv_results_["params"]
    ]
    np.testing.assert_array_equal(scores, alone)
    module = search.best_estimator_.net_.module_
    assert module.columns.beta.item() == pytest.approx(search.best_params_["beta"])


def test_seed_fixes_the_result_and_nothing_global_moves(classes, untouched_random_state):
    first, second = (RelDropClassifier(**SMALL).fit(*classes) for _ in range(2))
    np.testing.assert_array_equal(first.predict_proba(classes[0]), second.predict_proba(classes[0]))


def test_pickle_and_clone(classes):
    X, y = classes
    model = RelDropClassifier(**SMALL, rule=Rule("gamma")).fit(X, y)
    loaded = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert clone(model).rule == Rule("gamma")


def test_warm_start_takes_the_new_strength(mixed_table):
    X, y = mixed_table
    model = RelDropRegressor(**SMALL, warm_start=True).fit(X, y)
    model.set_params(alpha=0.3, beta=0.7, rule="zplus").fit(X, y)
    columns = model.net_.module_.columns
    assert columns.alpha.item() == pytest.approx(0.3)
    assert columns.beta.item() == pytest.approx(0.7)
    assert columns.rule == "zplus"


@pytest.mark.filterwarnings("ignore:warmup=2:FutureWarning")
def test_passes_one_by_one_count_as_epochs(classes):
    X, y = classes
    model = RelDropClassifier(**SMALL, warmup=2)
    plain = RelDropClassifier(**SMALL, beta=0.0)
    for n in range(3):
        model.partial_fit(X, y)
        plain.partial_fit(X, y)
        assert np.array_equal(model.predict_proba(X), plain.predict_proba(X)) == (n < 2)


def test_draws_with_dropout_on(classes):
    """No targets there: the predicted class is explained."""
    X, y = classes
    model = RelDropClassifier(**SMALL).fit(X, y)
    draws = model.sample_predictions(X, 4, random_state=0)
    assert draws.shape == (4, 200, 3)
    assert draws.std(0).max() > 0
    silent = RelDropClassifier(**SMALL, beta=0.0).fit(X, y)
    with pytest.raises(ValueError, match="draws do not differ"):
        silent.sample_predictions(X, 4)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"rule": "lrp"}, "'rule' parameter"),
        ({"rule": ["epsilon"]}, "has 1 entries for 3 layers"),
        ({"rule": ["epsilon", "lrp", "epsilon"]}, "rule='lrp' is unknown"),
        ({"rule": ["flat", "epsilon", "epsilon"]}, "begins with 'flat'"),
        ({"rule": Rule("flat")}, "begins with 'flat'"),
        ({"beta": 1.5}, "'beta' parameter"),
        ({"alpha": -0.1}, "'alpha' parameter"),
        ({"warmup": -1}, "'warmup' parameter"),
        ({"schedule": "steps"}, "'schedule' parameter"),
    ],
)
def test_bad_parameters_are_refused_before_training(classes, parameters, message):
    model = RelDropClassifier(**SMALL, **parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(*classes)
    assert not hasattr(model, "net_")
