"""The report's own steps, as code that runs."""

from inspect import signature
from textwrap import indent

from sklearn.base import BaseEstimator

from skdropout._report.cells import BETWEEN_THOUSANDS, LARGEST
from skdropout._report.dates import SOURCES, source_of_moments
from skdropout._report.names import name_of
from skdropout._report.preparing import TEST_SHARE

_WIDTH = 76
_TASKS = {
    "regression": "y = table[{target}].astype(float)",
    "classification": "y = table[{target}].map(str).astype(object)",
}


def code_of(recipe, reading, models, findings):
    """Write the code of a report.

    Names of columns and files enter as literals of Python, so whatever they hold is data.

    Parameters
    ----------
    recipe : Recipe
    reading : str
        The expression that reads the table.
    models : Models
        As they were at the end: of the sizes that there was time for.
    findings : Bunch
        Of it what was done, and with which columns.

    Returns
    -------
    code : str
    """
    done, sizes = set(findings.done), models.sizes
    used, displays, parts = [], [], [_data(recipe, reading)]
    if "network" in done:
        path, search = findings.path, findings.search
        network = models.network(path.chosen)
        given = source(_unfitted(search)), source(network), name_of(network)
        parts.append(_network(*given, models.is_regression))
        used += [search, network]
        displays.append("DropoutPathDisplay")
    if "rivals" in done:
        rivals = models.rivals()
        parts.append(_rivals(rivals))
        used += rivals
    if "columns" in done:
        parts.append(_importance(models.is_regression, sizes.n_repeats))
    if "pairs" in done:
        parts.append(_spectra(sizes, len(findings.spectra)))
        displays.append("OrderSpectrumDisplay")
        if findings.finder is not None:
            parts.append(_pairs(_unfitted(findings.finder), findings.paired))
            used.append(findings.finder)
            displays.append("interaction_table")
    if "machines" in done and findings.has_interpret:
        machine = models.boosting_machine(0)
        parts.append(_boosting_machines(machine, findings))
        used.append(machine)
    if "gaps" in done:
        reldrop = models.reldrop(findings.path.chosen)
        parts.append(_gaps(reldrop))
        used.append(reldrop)
        displays.append("OcclusionDisplay")
    imported = _imports(used, displays, reading, done)
    return "\n\n".join([imported, *parts]) + "\n"


def _unfitted(estimator):
    return type(estimator)(**estimator.get_params(deep=False))


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


def _imports(used, displays, reading, done):
    modules = {"sklearn.model_selection": {"train_test_split"}}
    if displays:
        modules["skdropout.inspection"] = set(displays)
    if "pairs" in done:
        modules["skdropout.inspection"].add("interaction_order_spectrum")
    if "columns" in done:
        modules["sklearn.inspection"] = {"permutation_importance"}
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
    decimal = [name for name, style in recipe.commas.items() if style == "decimal"]
    thousands = [name for name, style in recipe.commas.items() if style == "thousands"]
    if decimal:
        lines += [
            f"for name in {source(decimal)}:  # decimal commas",
            f'    cells = table[name].str.replace(r"{BETWEEN_THOUSANDS}", "", regex=True)',
            '    table[name] = pd.to_numeric(cells.str.replace(",", "."), errors="coerce")',
        ]
    if thousands:
        lines += [
            f"for name in {source(thousands)}:  # commas between thousands",
            '    cells = table[name].str.replace(",", "")',
            '    table[name] = pd.to_numeric(cells, errors="coerce")',
        ]
    for name, (options, parts) in recipe.dates.items():
        lines.append(f"moments = {source_of_moments(name, options)}")
        lines.append(f"table = table.drop(columns={name!r})")
        lines += [f"table[{new!r}] = {SOURCES[part]}" for part, new in parts.items()]
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


def _network(search, network, name, is_regression):
    lines = [
        "# the dropout rate, chosen by cross-validation",
        f"search = {search}",
        "search.fit(X_train, y_train)",
        'print("best rate:", search.dropouts_[search.best_index_])',
        "DropoutPathDisplay.from_estimator(search)",
    ]
    if is_regression:
        lines.append("intervals = search.predict_interval(X_test, 0.9)")
    lines += [
        "# the network of the report",
        f"model = {network}",
        "model.fit(X_train, y_train)",
        f'print({name!r}, "test score:", model.score(X_test, y_test))',
    ]
    return "\n".join(lines)


def _rivals(rivals):
    lines = ["# the models one would otherwise use"]
    for model, variable in zip(rivals, ("nothing", "linear", "mlp", "trees"), strict=True):
        lines += [
            f"{variable} = {source(model)}",
            f"{variable}.fit(X_train, y_train)",
            f'print({name_of(model)!r}, "test score:", {variable}.score(X_test, y_test))',
        ]
    return "\n".join(lines)


def _importance(is_regression, n_repeats):
    scoring = "neg_root_mean_squared_error" if is_regression else "neg_log_loss"
    return "\n".join(
        [
            "# how far the error rises as the cells of one column are shuffled",
            "found = permutation_importance(",
            f'    model, X_test, y_test, scoring="{scoring}",',
            f"    n_repeats={n_repeats}, random_state=0,",
            ")",
            "print(pd.Series(found.importances_mean, X_test.columns).sort_values())",
        ]
    )


def _spectra(sizes, n_models):
    models = ['"network": model', '"boosted trees": trees'][:n_models]
    return "\n".join(
        [
            "# orders of interaction",
            "spectra = {",
            "    name: interaction_order_spectrum(",
            f"        fitted, X_train, n_evaluations={sizes.n_evaluations}, random_state=0",
            "    )",
            f"    for name, fitted in {{{', '.join(models)}}}.items()",
            "}",
            'OrderSpectrumDisplay.from_spectra(spectra, kind="normalized")',
        ]
    )


def _pairs(finder, paired):
    return "\n".join(
        [
            "# columns that act together, strongest first",
            f"paired = {source(list(paired))}",
            f"finder = {source(finder)}",
            "finder.fit(X_train[paired], y_train)",
            "print(interaction_table(finder, X_train[paired]))",
        ]
    )


def _boosting_machines(machine, findings):
    machines = [s for s in findings.scores if s.name.startswith("EBM")]
    given = [f"    {s.name!r}: {source(s.model.interactions)}," for s in machines]
    return "\n".join(
        [
            "# boosting machines, with pairs of their own and with those found here",
            f"machine = {source(machine)}",
            f"paired = {source(list(findings.paired))}",
            "interactions = {",
            *given,
            "}",
            "for name, pairs in interactions.items():",
            "    machine.set_params(interactions=pairs).fit(X_train[paired], y_train)",
            '    print(name, "test score:", machine.score(X_test[paired], y_test))',
        ]
    )


def _gaps(reldrop):
    return "\n".join(
        [
            "# columns taken away, the most important first",
            f"reldrop = {source(reldrop)}",
            "reldrop.fit(X_train, y_train)",
            f'print({name_of(reldrop)!r}, "test score:", reldrop.score(X_test, y_test))',
            "OcclusionDisplay.from_estimators(",
            '    {"dropout network": model, "RelDrop network": reldrop}, X_test, y_test,',
            '    fill="missing",',
            "    random_state=0,",
            ")",
        ]
    )
