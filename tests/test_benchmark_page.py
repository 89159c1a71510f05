"""The benchmark page takes whatever is in the folder of results."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEADER = "date,versions,device,threads,setting,metric,value,spread\n"
RUN = "2026-01-0{},python 3.11,{},1,{},{},{},{}\n"


@pytest.fixture(scope="module")
def page():
    spec = importlib.util.spec_from_file_location(
        "benchmark_tables", ROOT / "docs" / "benchmark_tables.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def written(page, tmp_path):
    def write(*rows):
        (tmp_path / "results").mkdir()
        text = HEADER + "".join(RUN.format(*row) for row in rows)
        (tmp_path / "results" / "some_speed.csv").write_text(text)
        page.write(tmp_path, tmp_path / "made" / "page.md")
        return (tmp_path / "made" / "page.md").read_text()

    return write


def test_one_row_a_setting_one_column_a_metric(written):
    text = written(
        (1, "chip", "fast way", "s", 1.234, 0.021), (1, "chip", "fast way", "calls", 7, 0)
    )
    assert "## Some speed" in text
    assert "*chip, 1 thread, 2026-01-01. python 3.11.*" in text
    assert "|  | s | calls |" in text
    assert "| fast way | 1.234 ± 0.021 | 7 |" in text


def test_repetitions_are_put_together(written):
    rows = [(1, "chip", f"adult | ours | {seed}", "AUC", v, 0) for seed, v in enumerate((1, 2, 5))]
    text = written(*rows)
    assert "**adult**" in text
    assert "| ours | 2.0 ± 2.0 |" in text
    assert "Medians of 3 runs." in text


def test_contenders_stand_beside_each_other(written):
    rows = [(1, "chip", "ours | seed 0 | 2000/0 | F1", "AUC", 0.9, 0)]
    rows += [(1, "chip", f"FAST | seed 0 | 2000/0 | F{i}", "AUC", i / 4, 0) for i in (1, 2, 3)]
    text = written(*rows)
    assert "**2000/0: AUC**" in text
    assert "|  | ours | FAST |" in text
    assert "| F1 | 0.9 | 0.25 |" in text
    assert "| F2 |  | 0.5 |" in text


def test_what_was_measured_last_counts(written):
    text = written((1, "chip", "a", "s", 1.5, 0), (2, "chip", "a", "s", 2.5, 0))
    assert "| a | 2.5 |" in text
    assert "1.5" not in text


def test_other_machines_have_tables_of_their_own(written):
    text = written((1, "chip", "a", "s", 1.5, 0), (1, "other", "a", "s", 2.5, 0))
    assert text.index("*chip") < text.index("| a | 1.5 |") < text.index("*other")
    assert "| a | 2.5 |" in text


def test_names_cannot_break_the_table(written):
    assert r"| a\|b \<i> | 1 |" in written((1, "chip", "a|b <i>", "s", 1, 0))


def test_every_result_of_the_repository_has_a_section(page, tmp_path):
    page.write(ROOT / "benchmarks", tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    names = [path.stem for path in (ROOT / "benchmarks" / "results").glob("*.csv")]
    assert text.count("\n## ") + 1 == len(names) > 5
    assert "nan" not in text


def test_every_section_answers_a_question_in_the_summary(page, tmp_path):
    page.write(ROOT / "benchmarks", tmp_path / "page.md")
    sections = re.findall(r"^## (.+)$", (tmp_path / "page.md").read_text(), re.MULTILINE)
    summary = (ROOT / "docs" / "benchmarks.md").read_text()
    named = set(re.findall(r"\(#([\w-]+)\)", summary))
    assert named == {section.lower().replace(" ", "-") for section in sections}
