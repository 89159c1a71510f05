"""The report's own steps, as code that runs."""

from inspect import signature
from textwrap import indent

from sklearn.base import BaseEstimator

from skdropout._report.cells import LARGEST
from skdropout._report.preparing import TEST_SHARE

_WIDTH = 76
_TASKS = {
    "regression": "y = table[{target}].astype(float)",
    "classification": "y = table[{target}].map(str).astype(object)",
}


def code_of(recipe, reading, models, dropout, has_interpret):
    """Write the code of a report.

    Names of columns and files enter as literals of Python, so whatever they hold is data.

    Parameters
    ----------
    recipe : Recipe
    reading : str
        The expression that reads the table.
    models : Models
    dropout : float
        The rate chosen.
    has_interpret : bool
        Whether to compare boosting machines.

    Returns
    -------
    code : str
    """
    finder, encoder = models.finder(), models.encoder()
    parts = [_data(recipe, reading), _network(models)]
    used = [models.search(), *models.rivals().values(), models.reldrop(dropout)]
    displays = ["DropoutPathDisplay", "OcclusionDisplay", "OrderSpectrumDisplay"]
    parts += [_rivals(models), _spectra(models.sizes)]
    if finder is not None:
        parts.append(_pairs(finder, models.sizes.n_surfaces))
        used.append(finder)
        displays.append("InteractionDisplay")
        if has_interpret:
            parts.append(_boosting_machines(models, finder))
            used.append(models.boosting_machine(0))
    parts.append(_occlusion(models, dropout))
    if encoder is not None:
        parts.append(_maps(encoder, recipe, models.sizes.n_maps))
        used.append(encoder)
        displays.append("EmbeddingDisplay")
    return "\n\n".join([_imports(used, displays, reading), *parts]) + "\n"


def source(value):
    """Return a Python expression for a value: literals, and estimators by what is not default."""
    if isinstance(value, BaseEstimator):
        defaults = signature(type(value)).parameters
        cells = [
            f"{name}={source(given)}"
            for name, given in value.get_params(deep=False).items()
            if repr(given) != repr(defaults[name].default)
        ]
        return _call(f"{type(value).__name__}(", cells, ")")
    if isinstance(value, list):
        return _call("[", list(map(source, value)), "]")
    if isinstance(value, tuple):
        return _call("(", list(map(source, value)), ",)" if len(value) == 1 else ")")
    return repr(value)


def _call(opening, cells, closing):
    line = opening + ", ".join(cells) + closing
    if len(line) <= _WIDTH and "\n" not in line:
        return line
    body = indent(",\n".join(cells) + ",", "    ")
    return f"{opening}\n{body}\n{closing.removeprefix(',')}"


def _imports(used, displays, reading):
    modules = {"sklearn.model_selection": {"train_test_split"}}
    modules["skdropout.inspection"] = {*displays, "interaction_order_spectrum"}
    if "load_bike_sharing" in reading:
        modules["skdropout.datasets"] = {"load_bike_sharing"}
    for estimator in _with_parts(used):
        public = type(estimator).__module__.split("._")[0]
        public = ".".join(public.split(".")[:2])
        modules.setdefault(public, set()).add(type(estimator).__name__)
    lines = [f"from {module} import {_names(modules[module])}" for module in sorted(modules)]
    return "\n".join(["import numpy as np", "import pandas as pd", *lines])


def _names(names):
    line = ", ".join(sorted(names))
    return line if len(line) < _WIDTH - 15 else _call("(", sorted(names), ")")


def _with_parts(value):
    """Yield the estimators in a value, those within others too."""
    if isinstance(value, BaseEstimator):
        yield value
        value = list(value.get_params(deep=False).values())
    if isinstance(value, list | tuple):
        for part in value:
            yield from _with_parts(part)


def _data(recipe, reading):
    target = repr(recipe.target)
    lines = [f"table = {reading}"]
    if recipe.gaps:
        lines += [
            f"for name in {recipe.gaps!r}:  # words for missing cells",
            '    table[name] = pd.to_numeric(table[name], errors="coerce")',
        ]
    lines.append(f"table = table.dropna(subset=[{target}])")
    if recipe.n_rows is not None:
        lines.append(f"table = table.sample({recipe.n_rows}, random_state=0)")
    if recipe.rare_classes:
        lines.append(f"table = table[~table[{target}].map(str).isin({recipe.rare_classes!r})]")
    lines.append(f"X = table.drop(columns={[recipe.target, *recipe.left_out]!r})")
    if recipe.numbers:
        lines += [
            f"for name in {source(recipe.numbers)}:",
            "    X[name] = X[name].astype(float)",
            f"    X[name] = X[name].where(X[name].abs() <= {LARGEST:g})  # or missing",
        ]
    if recipe.categories:
        lines += [
            f"for name in {source(recipe.categories)}:",
            '    if X[name].dtype != "category":',
            '        words = X[name].astype(object).map(str, na_action="ignore")',
            '        X[name] = words.astype("category")',
        ]
    stratify = "" if recipe.task == "regression" else ", stratify=y"
    lines += [
        _TASKS[recipe.task].format(target=target),
        "X_train, X_test, y_train, y_test = train_test_split(",
        f"    X, y, test_size={TEST_SHARE}, random_state=0{stratify}",
        ")",
    ]
    return "\n".join(lines)


def _network(models):
    return "\n".join(
        [
            "# the dropout rate, chosen by cross-validation",
            f"model = {source(models.search())}",
            "model.fit(X_train, y_train)",
            'print("dropout:", model.dropout_, "test score:", model.score(X_test, y_test))',
            "DropoutPathDisplay.from_estimator(model)",
        ]
    )


def _rivals(models):
    lines = ["# the models one would otherwise use"]
    for name, variable in (("sklearn MLP", "mlp"), ("HistGradientBoosting", "trees")):
        lines += [
            f"{variable} = {source(models.rivals()[name])}",
            f"{variable}.fit(X_train, y_train)",
            f'print("{name}, test score:", {variable}.score(X_test, y_test))',
        ]
    return "\n".join(lines)


def _spectra(sizes):
    return "\n".join(
        [
            "# orders of interaction",
            "spectra = {",
            "    name: interaction_order_spectrum(",
            f"        fitted, X_train, n_evaluations={sizes.n_evaluations}, random_state=0",
            "    )",
            '    for name, fitted in {"network": model, "boosted trees": trees}.items()',
            "}",
            'OrderSpectrumDisplay.from_spectra(spectra, kind="normalized")',
        ]
    )


def _pairs(finder, n_surfaces):
    return "\n".join(
        [
            "# pairs of columns that act together, strongest first",
            f"finder = {source(finder)}",
            "finder.fit(X_train, y_train)",
            "print([tuple(X.columns[list(pair)]) for pair in finder.interactions_])",
            f"for pair in finder.interactions_[:{n_surfaces}]:",
            "    InteractionDisplay.from_pair(model, X_train, pair, random_state=0)",
        ]
    )


def _boosting_machines(models, finder):
    machine = source(models.boosting_machine(finder.n_interactions))
    return "\n".join(
        [
            "# boosting machines: with FAST's pairs, and with ours",
            f"machine = {machine}",
            "for pairs in (machine.interactions, finder.interactions_):",
            "    machine.set_params(interactions=pairs).fit(X_train, y_train)",
            '    print("EBM, test score:", machine.score(X_test, y_test))',
        ]
    )


def _occlusion(models, dropout):
    n_rows = models.sizes.n_occluded_rows
    return "\n".join(
        [
            "# columns taken away, the most relevant first",
            f"reldrop = {source(models.reldrop(dropout))}",
            "reldrop.fit(X_train, y_train)",
            "OcclusionDisplay.from_estimators(",
            '    {"as trained": model, "with RelDrop": reldrop},',
            f"    X_test[:{n_rows}],",
            f"    y_test[:{n_rows}],",
            "    random_state=0,",
            ")",
        ]
    )


def _maps(encoder, recipe, n_maps):
    return "\n".join(
        [
            "# maps of categories",
            f"encoder = {source(encoder)}",
            "encoder.fit(X_train, y_train)",
            f"for name in {source(recipe.mapped(n_maps))}:",
            "    EmbeddingDisplay.from_estimator(encoder, name)",
        ]
    )
