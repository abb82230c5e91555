"""Chapters as notebooks: what is stripped, what stays, and that each of them is valid."""

import ast
import subprocess
import sys

import pytest

pytest.importorskip("jupytext", reason="needs the extra book")
nbformat = pytest.importorskip("nbformat", reason="needs the extra book")

from docs.book import bibliography, chapters, docstrings, links, moving, solutions  # noqa: E402

CHAPTERS = chapters.all_chapters()
NUMBERS = {chapter.number for chapter in CHAPTERS}
by_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=[one.name for one in CHAPTERS])


def test_the_guard_is_stripped_and_its_body_dedented():
    cell = 'if __name__ == "__main__":\n    a = 1\n    if a:\n        print(a)'
    assert chapters.code_for_a_reader(cell) == "a = 1\nif a:\n    print(a)"


def test_a_notebook_has_no_command_line():
    cell = 'if __name__ == "__main__":\n    config = command_line.read(\n        Config, "x", "y"\n    )'
    assert chapters.code_for_a_reader(cell) == "config = Config()"
    assert chapters.code_for_a_reader(cell, "steps=3") == "config = Config(steps=3)"


def test_a_chapter_with_a_main_calls_it():
    assert chapters.code_for_a_reader('command_line.run(Config, main, "x")') == "main(Config())"


def test_a_markdown_cell_is_its_text():
    assert chapters.markdown_of('r"""\n# 1. Title\n"""') == "# 1. Title"


@by_chapter
def test_each_chapter_is_a_valid_notebook(chapter):
    book = chapters.notebook(chapter)
    nbformat.validate(book)
    assert book.cells[0].source.startswith(f"# {chapter.number}. ")
    for cell in book.cells:
        if cell.cell_type == "code":
            ast.parse(cell.source)
            assert "__name__ ==" not in cell.source
            assert "command_line.read" not in cell.source


@by_chapter
def test_each_chapters_words_lead_somewhere(chapter):
    labels = set(bibliography.read())
    for cell in chapters.notebook(chapter).cells:
        if cell.cell_type == "markdown":
            moving.inserted(links.link(cell.source, NUMBERS, labels, chapter.number))


@by_chapter
def test_each_solution_is_folded(chapter):
    if not chapter.solutions.exists():
        pytest.skip("no solutions yet")
    page = solutions.page(chapter)
    assert page.count("<details>") == page.count("\n## Exercise") > 0


def test_docstrings_keep_their_bars_and_stars():
    made = docstrings.readable(
        ["Is *not* |x| * 2 * y, as `|x|` says, 2*x*y.", "", "    a * b", "", "Args:", "    x: |y|"]
    )
    assert made == [
        "Is *not* \\|x\\| \\* 2 \\* y, as `|x|` says, 2\\*x\\*y.",
        "",
        "",
        "::",
        "",
        "    a * b",
        "",
        "Args:",
        "    x: \\|y\\|",
    ]


def test_a_marker_becomes_a_figure_that_moves():
    assert 'id="moving-dirac"' in moving.inserted("<!-- moving: dirac -->")
    with pytest.raises(ValueError, match="names no figure that moves"):
        moving.inserted("<!-- moving: nothing -->")


@pytest.mark.slow
@pytest.mark.parametrize("module", ["docs.book", "docs.notebooks"])
def test_the_programs_tell_of_wrong_arguments_in_one_line(module):
    done = subprocess.run(
        [sys.executable, "-m", module, "--nonsense", "3"],
        capture_output=True,
        text=True,
        cwd=chapters.ROOT,
    )
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
