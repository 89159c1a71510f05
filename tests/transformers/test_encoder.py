"""The encoder: no leakage of targets, and what a user sees of it."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from scipy.spatial.distance import pdist
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor, EmbeddingEncoder

pytestmark = pytest.mark.usefixtures("untouched_random_state")
SMALL = {"max_iter": 12, "learning_rate_init": 0.02, "cv": 3, "random_state": 0}
CITIES = ["Bergen", "Oslo", "Rome", "Turin", "Lima", "Cusco"]


@pytest.fixture(scope="module")
def data():
    """Six cities of three countries, which is what counts, and a number with missing cells."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"city": rng.choice(CITIES, 400), "size": rng.normal(size=400)})
    country = X["city"].map(CITIES.index) // 2
    y = 3 * np.sin(2.5 * country) + X["size"] * (country == 2) + 0.1 * rng.normal(size=400)
    X.loc[::7, "size"] = np.nan
    return X, y.to_numpy()


@pytest.fixture(scope="module")
def encoder(data):
    return EmbeddingEncoder(**SMALL).fit(*data)


@pytest.fixture(scope="module")
def crossed(data):
    """Another encoder of the same parameters, and what its ``fit_transform`` gave."""
    other = EmbeddingEncoder(**SMALL)
    return other, other.fit_transform(*data)


def test_levels_alike_are_neighbours(encoder):
    for one, other in zip(CITIES[::2], CITIES[1::2], strict=True):
        assert encoder.most_similar("city", one, k=1, metric="euclidean").index[0] == other
    # angles say little of the first country, whose effect is next to the mean
    assert encoder.most_similar("city", "Rome", k=1).index[0] == "Turin"
    assert encoder.most_similar("city", "Lima", k=1).index[0] == "Cusco"
    assert encoder.similarity("city").loc["Rome", "Lima"] < -0.5


def test_similarity_is_that_of_the_tables(encoder):
    table = encoder.embeddings_["city"]
    assert list(table.index) == [*sorted(CITIES), "missing", "unknown"]
    vectors = table.loc["Rome"], table.loc["Oslo"]
    lengths = [np.linalg.norm(vector) for vector in vectors]
    cosine = encoder.similarity("city")
    assert cosine.loc["Rome", "Oslo"] == pytest.approx(vectors[0] @ vectors[1] / np.prod(lengths))
    distance = encoder.similarity("city", metric="euclidean")
    assert distance.loc["Rome", "Oslo"] == pytest.approx(np.linalg.norm(vectors[0] - vectors[1]))
    for square in (cosine, distance):
        assert list(square.index) == list(square.columns) == sorted(CITIES)
        np.testing.assert_allclose(square, square.T)
    nearest = encoder.most_similar("city", "Rome", k=3, metric="euclidean")
    assert list(nearest) == sorted(distance["Rome"])[1:4]


def test_transform_replaces_in_place(encoder, data):
    X, _ = data
    out = encoder.transform(X)
    assert list(encoder.get_feature_names_out()) == [*(f"city_{i}" for i in range(4)), "size"]
    np.testing.assert_array_equal(out[:, :4], encoder.embeddings_["city"].loc[X["city"]])
    np.testing.assert_array_equal(out[:, 4], X["size"])


def test_unknown_and_missing_levels(data):
    X, y = data
    new = pd.DataFrame({"city": ["Paris", None], "size": [0.0, 0.0]})
    without = EmbeddingEncoder(**SMALL).fit(X, y)
    table = without.embeddings_["city"]
    np.testing.assert_array_equal(without.transform(new)[:, :4], table.loc[["unknown", "unknown"]])
    X = X.assign(city=X["city"].where(np.arange(len(X)) % 5 > 0, None))
    seen = EmbeddingEncoder(**SMALL).fit(X, y)
    table = seen.embeddings_["city"]
    np.testing.assert_array_equal(seen.transform(new)[:, :4], table.loc[["unknown", "missing"]])
    assert not np.allclose(table.loc["unknown"], table.loc["missing"])


def test_noise_does_not_fool_what_comes_after():
    """As for ``TargetEncoder``: a column of many levels and a target of noise."""
    rng = np.random.default_rng(0)
    n, n_levels = 1500, 300
    X, X_test = (pd.DataFrame({"s": rng.integers(n_levels, size=n).astype(str)}) for _ in range(2))
    y, y_test = rng.normal(size=(2, n))
    encoder = EmbeddingEncoder(max_iter=20, learning_rate_init=0.01, random_state=0)
    crossed = encoder.fit_transform(X, y)
    leaking = encoder.transform(X)
    # if vectors know nothing of their rows' noise, R2 follows Beta(d / 2, (n - d - 1) / 2)
    d = crossed.shape[1]
    limit = (d + 4 * np.sqrt(2 * d)) / n
    honest, fooled = (LinearRegression().fit(out, y) for out in (crossed, leaking))
    assert honest.score(crossed, y) < limit
    assert fooled.score(leaking, y) > 2 * limit
    test = encoder.transform(X_test)
    assert honest.score(test, y_test) > -limit
    assert fooled.score(test, y_test) < -2 * limit


def test_own_target_does_not_matter(data):
    """Other targets in one fold leave its rows' vectors as they are, but for a rotation."""
    X, y = data
    folds = KFold(3)
    held_out = next(folds.split(X))[1]
    changed = y.copy()
    changed[held_out] = -changed[held_out[::-1]]
    encoder = EmbeddingEncoder(dropout=0.0, **{**SMALL, "cv": folds, "max_iter": 4})
    before, after = (encoder.fit_transform(X, target)[held_out, :4] for target in (y, changed))
    np.testing.assert_allclose(pdist(after), pdist(before), rtol=1e-3, atol=1e-6)
    others = np.setdiff1d(np.arange(len(y)), held_out)
    before, after = (encoder.fit_transform(X, target)[others, :4] for target in (y, changed))
    assert np.abs(pdist(after) - pdist(before)).max() > 0.05


def test_folds_share_coordinates(encoder, crossed, data):
    """A row's vector out of fold lies close to its vector in the encoder fitted to all rows."""
    full, of_folds = encoder.transform(data[0])[:, :4], crossed[1][:, :4]
    assert np.sum(of_folds * full) > 0.95 * np.sqrt(np.sum(of_folds**2) * np.sum(full**2))


def test_fit_transform_leaves_the_encoder_that_fit_gives(encoder, crossed, data):
    X, _ = data
    other, _ = crossed
    np.testing.assert_array_equal(other.transform(X), encoder.transform(X))
    loaded = pickle.loads(pickle.dumps(other))
    np.testing.assert_array_equal(loaded.transform(X), other.transform(X))


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_containers(crossed, data, output):
    X, y = data
    frame = X if output == "pandas" else pl.from_pandas(X)
    encoder = EmbeddingEncoder(**SMALL).set_output(transform=output)
    table = encoder.fit_transform(frame, y)
    assert list(table.columns) == list(encoder.get_feature_names_out())
    np.testing.assert_array_equal(table.to_numpy(), crossed[1])
    assert list(encoder.transform(frame).columns) == list(table.columns)


def test_in_front_of_other_models(data):
    X, y = data
    X = X.fillna({"size": 0.0})
    alone = make_pipeline(EmbeddingEncoder(**SMALL), KNeighborsRegressor())
    assert cross_val_score(alone, X, y, cv=2).min() > 0.9
    tiny = EmbeddingEncoder(**{**SMALL, "max_iter": 2})
    columns = make_column_transformer((tiny, ["city"]), remainder="passthrough")
    columns.fit(X, y)
    assert list(columns.get_feature_names_out())[-2:] == [
        "embeddingencoder__city_3",
        "remainder__size",
    ]


def test_arrays_and_codes_are_encoded_whole(data):
    X, y = data
    names = X[["city"]].to_numpy(dtype=object)
    codes = X["city"].map(CITIES.index).to_numpy()
    encoder = EmbeddingEncoder(**SMALL).fit(names, y)
    assert list(encoder.get_feature_names_out()) == [f"x0_{i}" for i in range(4)]
    assert encoder.most_similar("x0", "Rome", k=1).index[0] == "Turin"
    tiny = {**SMALL, "max_iter": 2}
    # sorted names and the numbers in their places are the same levels
    places = np.searchsorted(sorted(CITIES), names)
    expected = EmbeddingEncoder(**tiny).fit_transform(names, y)
    for table in (places, pd.DataFrame({"code": places[:, 0]}), places.tolist()):
        found = EmbeddingEncoder(**tiny).fit_transform(table, y)
        np.testing.assert_array_equal(found, expected)
    chosen = EmbeddingEncoder(categorical_features=[1], **tiny)
    both = np.column_stack([y, codes])
    assert list(chosen.fit(both, y).get_feature_names_out())[:2] == ["x0", "x1_0"]


def test_workers_share_the_networks(data, monkeypatch):
    monkeypatch.setattr(DropoutMLPRegressor, "_members_that_fit", lambda *_: 2)
    one = EmbeddingEncoder(**SMALL)
    alone = one.fit_transform(*data)
    with joblib.parallel_config("threading"):
        two = EmbeddingEncoder(**SMALL, n_jobs=2)
        np.testing.assert_array_equal(two.fit_transform(*data), alone)
    np.testing.assert_array_equal(two.transform(data[0]), one.transform(data[0]))
    with pytest.raises(ValueError, match="n_jobs=0"):
        EmbeddingEncoder(**SMALL, n_jobs=0).fit_transform(*data)


def test_network_follows_the_target(data):
    X, y = data
    for target, options, kind in (
        (y, {}, DropoutMLPRegressor),
        (np.where(y > 0, "yes", "no"), {}, DropoutMLPClassifier),
        (np.sign(y), {}, DropoutMLPClassifier),
        (np.sign(y), {"target_type": "continuous"}, DropoutMLPRegressor),
        (np.column_stack([y, -y]), {}, DropoutMLPRegressor),
    ):
        encoder = EmbeddingEncoder(**{**SMALL, "max_iter": 2}, **options)
        crossed = encoder.fit_transform(X, target)
        assert type(encoder.estimator_) is kind
        # a fold's vectors are of levels: each row of a city has one of three
        for city in CITIES:
            assert len(np.unique(crossed[X["city"] == city, :4], axis=0)) == 3


def test_groups_go_to_the_splitter(data):
    X, y = data
    groups = np.arange(400) // 20
    small = {**SMALL, "max_iter": 2}
    direct = EmbeddingEncoder(**{**small, "cv": GroupKFold(3)}).fit_transform(X, y, groups=groups)
    with sklearn.config_context(enable_metadata_routing=True):
        splitter = GroupKFold(3).set_split_request(groups=True)
        routed = EmbeddingEncoder(**{**small, "cv": splitter}).fit_transform(X, y, groups=groups)
    np.testing.assert_array_equal(direct, routed)


def test_bad_input(data):
    X, y = data
    with pytest.raises(NotFittedError):
        EmbeddingEncoder().transform(X)
    with pytest.raises(ValueError, match="requires y"):
        EmbeddingEncoder().fit(X)
    with pytest.raises(ValueError, match=r"\[\] chooses no column"):
        EmbeddingEncoder(categorical_features=[]).fit(X[["size"]], y)
    for options, message in (
        ({"categorical_features": ["town"]}, "'town'"),
        ({"embedding_dim": {"town": 3}}, "'town'"),
        ({"cv": ShuffleSplit(3, random_state=0)}, "each row exactly once"),
    ):
        encoder = EmbeddingEncoder(**{**SMALL, **options})
        with pytest.raises(ValueError, match=message):
            encoder.fit_transform(X, y)
        assert not hasattr(encoder, "estimator_")


def test_verbose_shows_both_trainings(data, capsys):
    X, y = data
    EmbeddingEncoder(verbose=1, **{**SMALL, "max_iter": 2}).fit_transform(X, y)
    assert capsys.readouterr().err.count("2/2") >= 2


def test_bad_questions(encoder):
    with pytest.raises(ValueError, match="'town' is no encoded column"):
        encoder.similarity("town")
    with pytest.raises(ValueError, match="'Paris' is no level"):
        encoder.most_similar("city", "Paris")
    with pytest.raises(ValueError, match="metric='manhattan'"):
        encoder.similarity("city", metric="manhattan")
