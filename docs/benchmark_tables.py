"""The benchmark page: one section for each CSV in `benchmarks/results/`, whatever is there.

Settings like "adult | LightGBM | 2" are a table, a row and a repetition. Those of three parts, like
"FAST | 2000/0 | F1 | seed 2", are spread over tables, columns and rows, in this order of the number
of values that a part has. Repetitions are put together as their median and half the distance
between the extremes. Of rows measured again under the same conditions the last ones count.
"""

import ast
import csv
import math
import re
from collections import defaultdict
from statistics import median

__all__ = ["write"]

_SEPARATORS = (" | ", "; ", ": ")
_SEED, _NUMBER = re.compile(r"seed \d+"), re.compile(r"(?:seed )?\d+")
_CONDITIONS = ("device", "threads")
_LONG = 60  # rows of tables; more are folded away


def write(benchmarks, path):
    """Write the sections of all results of the folder ``benchmarks`` as Markdown to ``path``."""
    sections = [
        _section(results, benchmarks / f"{results.stem}.py")
        for results in sorted((benchmarks / "results").glob("*.csv"))
    ]
    text = "\n\n".join(sections) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:  # spare Sphinx a page that did not change
        path.write_text(text)


def _section(results, script):
    with results.open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [f"## {results.stem.replace('_', ' ').capitalize()}", ""]
    if script.exists():
        lines += [_about(script), "", f"Script: `benchmarks/{script.name}`.", ""]
    for conditions, measured in _grouped(rows, lambda row: tuple(row[c] for c in _CONDITIONS)):
        tables = []
        for title, table in _tables(measured):
            tables += [f"**{_escaped(title)}**", ""] if title else []
            tables += [*table, ""]
        lines += [_conditions(*conditions, measured), "", *_folded_if_long(tables)]
    return "\n".join(lines).rstrip()


def _folded_if_long(lines):
    n_rows = sum(line.startswith("|") for line in lines)
    if n_rows <= _LONG:
        return lines
    summary = f"<details><summary>All {n_rows} rows</summary>"
    return [summary, "", *lines, "</details>", ""]


def _about(script):
    """Return the first paragraphs of a script's docstring, without how to call it."""
    text = ast.get_docstring(ast.parse(script.read_text())) or ""
    paragraphs = [" ".join(p.split()) for p in text.split("\n\n") if not p.startswith("    ")]
    return "\n\n".join(paragraphs)


def _conditions(device, threads, rows):
    dates = sorted({row["date"] for row in rows})
    when = dates[0] if len(dates) == 1 else f"{dates[0]} to {dates[-1]}"
    versions = "; ".join(sorted({row["versions"] for row in rows}, key=len)[-1:])
    noun = "thread" if threads == "1" else "threads"
    return f"*{_escaped(device)}, {threads} {noun}, {when}. {_escaped(versions)}.*"


def _tables(rows):
    """Yield (title, lines of a Markdown table) for rows that share conditions."""
    settings = [row["setting"] for row in rows]
    split = dict(zip(settings, _split_repetitions(settings), strict=True))
    order = _order({parts for parts, _ in split.values() if len(parts) == 3})
    metrics = defaultdict(list)
    for row in rows:
        metrics[row["setting"]].append(row["metric"])
    tables = defaultdict(lambda: defaultdict(lambda: defaultdict(dict)))
    for row in rows:
        parts, repetition = split[row["setting"]]
        if len(parts) == 3:
            title, column, name = (parts[i] for i in order)
            title = f"{title}: {row['metric']}"
        else:
            column = row["metric"]
            title, name = _split_group(" | ".join(parts))
        # settings without a group share a table if they have the same metrics
        key = title, () if title else tuple(dict.fromkeys(metrics[row["setting"]]))
        tables[key][name][column][repetition] = row
    for (title, _), table in tables.items():
        columns = list(dict.fromkeys(column for cells in table.values() for column in cells))
        lines = [_line(["", *columns]), _line(["---", *["--:"] * len(columns)], escape=False)]
        for name, cells in table.items():
            lines.append(_line([name, *(_cell(cells.get(c, {}).values()) for c in columns)]))
        counts = {len(runs) for cells in table.values() for runs in cells.values()}
        if max(counts) > 1:
            runs = f"{min(counts)} to {max(counts)}" if len(counts) > 1 else max(counts)
            lines += ["", f"Medians of {runs} runs."]
        yield title, lines


def _split_repetitions(settings):
    """Return each setting's parts and the number of its repetition, "" where it has none."""
    split = [setting.split(" | ") for setting in settings]
    last_counts = all(_NUMBER.fullmatch(parts[-1]) for parts in split if len(parts) > 1)
    result = []
    for parts in split:
        is_repetition = [_SEED.fullmatch(part) is not None for part in parts]
        if last_counts and len(parts) > 1:
            is_repetition[-1] = True
        kept = tuple(p for p, out in zip(parts, is_repetition, strict=True) if not out)
        result.append((kept, " ".join(set(parts) - set(kept))))
    return result


def _order(triples):
    """Return the places of title, column and row: the part with the most values makes the rows."""
    return sorted(range(3), key=lambda i: len({parts[i] for parts in triples}))


def _split_group(setting):
    for separator in _SEPARATORS:
        if separator in setting:
            return setting.split(separator, 1)
    return "", setting


def _cell(rows):
    """Format a measurement, or several repetitions of one, with its spread."""
    rows = list(rows)
    if not rows:
        return ""
    numbers = [float(row["value"]) for row in rows]
    if len(rows) == 1:
        return _number(numbers[0], float(rows[0]["spread"] or 0))
    return _number(median(numbers), (max(numbers) - min(numbers)) / 2)


def _number(value, spread):
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "–")
    if not (0 < spread < math.inf):
        return f"{value:.4g}"
    places = max(0, 1 - math.floor(math.log10(spread)))
    if places > 5:
        return f"{value:.3g} ± {spread:.1g}"
    return f"{value:.{places}f} ± {spread:.{places}f}"


def _line(cells, escape=True):
    return f"| {' | '.join(map(_escaped, cells) if escape else cells)} |"


def _escaped(text):
    return re.sub(r"([|*_`<\[])", r"\\\1", text)


def _grouped(items, key):
    groups = defaultdict(list)
    for item in items:
        groups[key(item)].append(item)
    return groups.items()
