"""GridSearchCV over the plain estimators: in processes, in pipelines, on a dask cluster."""

import joblib
import numpy as np
import pandas as pd
import pytest
import torch
from joblib import Parallel, delayed
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skdropout import DropoutMLPClassifier, DropoutMLPRegressor

SMALL = {"hidden_layer_sizes": (8,), "max_iter": 3, "random_state": 0}
RATES = [0.0, 0.3]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(
        {"a": rng.normal(size=90), "city": pd.Categorical(rng.choice(["Rome", "Oslo"], 90))}
    )
    return X, X["a"] * (X["city"] == "Rome") + 0.1 * rng.normal(size=90)


def search(**parameters):
    return GridSearchCV(DropoutMLPRegressor(**SMALL), {"dropout": RATES}, cv=3, **parameters)


def test_workers_find_what_one_process_finds(table):
    alone, shared = search().fit(*table), search(n_jobs=2).fit(*table)
    np.testing.assert_array_equal(
        alone.cv_results_["mean_test_score"], shared.cv_results_["mean_test_score"]
    )


def test_inside_a_pipeline_with_categories(table):
    X, y = table
    scale = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")), remainder="passthrough"
    )
    pipeline = make_pipeline(scale.set_output(transform="pandas"), DropoutMLPClassifier(**SMALL))
    found = GridSearchCV(pipeline, {"dropoutmlpclassifier__dropout": RATES}, cv=2, n_jobs=2)
    assert found.fit(X, y > 0).best_params_["dropoutmlpclassifier__dropout"] in RATES


def test_processes_divide_the_cores_among_them():
    """Each of joblib's workers gets its share of the cores, and torch keeps to it."""
    threads = Parallel(n_jobs=2)(delayed(_threads)() for _ in range(2))
    assert max(threads) <= max(1, joblib.cpu_count() // 2)


def _threads():
    return torch.get_num_threads()


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_on_a_dask_cluster(table):
    """Two worker processes of a local cluster, one thread each, find what one process finds."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert set(client.run(_threads).values()) == {1}
        with joblib.parallel_config("dask"):
            shared = search(n_jobs=-1).fit(*table)
    np.testing.assert_array_equal(
        shared.cv_results_["mean_test_score"], search().fit(*table).cv_results_["mean_test_score"]
    )
