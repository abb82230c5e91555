"""`python -m docs.notebooks`: each notebook runs in a fresh kernel outside the clone."""

import ast
import os
import re
import runpy
import subprocess
import sys

import pytest

pytest.importorskip("jupytext", reason="needs the extra book")
nbformat = pytest.importorskip("nbformat", reason="needs the extra book")
nbclient = pytest.importorskip("nbclient", reason="needs the extra book")

from docs.book import chapters, execute, kernels  # noqa: E402

BUILDS = chapters.ROOT / "docs/book/_build"  # where `python -m docs.book --check` keeps its results
IN_CI = bool(os.environ.get("CI"))
CHAPTERS = chapters.all_chapters()
DIFFERENT = ("ch03", "ch07", "ch09")  # a training on numbers; pictures; a training in a run folder
by_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=[one.name for one in CHAPTERS])
STARTS = ("from gan_core.app import chapters",)
READS_CONFIG = re.compile(r"^config = command_line\.read\(Config, .*\)$", re.DOTALL)
LOOKS_AROUND = """
import importlib.util, os, sys
print(importlib.util.find_spec("docs"), "docs" in sys.modules, os.getcwd())
print(*[entry for entry in sys.path if os.path.exists(os.path.join(entry, "setup.cfg"))])
import gan_core
print(os.path.realpath(gan_core.__file__), "tensorflow" in sys.modules)
"""


def texts_of(book):
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    return [output.get("text", "") for output in outputs if output.output_type == "stream"]


@pytest.mark.slow
def test_the_command_writes_them_all_and_no_folder_twice(tmp_path, monkeypatch):
    out = tmp_path / "notebooks"
    monkeypatch.setattr("sys.argv", ["docs.notebooks", str(out)])
    runpy.run_module("docs.notebooks", run_name="__main__", alter_sys=True)
    with pytest.raises(SystemExit) as stopped:
        runpy.run_module("docs.notebooks", run_name="__main__", alter_sys=True)
    assert stopped.value.code == 2
    names = [path.name for path in sorted(out.iterdir())]
    assert names == sorted(f"{chapter.path.stem}.ipynb" for chapter in CHAPTERS)
    for path in out.iterdir():
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
        assert not any(cell.get("outputs") for cell in book.cells)


@by_chapter
def test_its_code_is_the_chapters_own_statements_in_their_order(chapter):
    """Each chapter's own test runs them as a script."""
    assert list(statements_of_notebook(chapter)) == list(statements_of_module(chapter))


def statements_of_notebook(chapter):
    for cell in chapters.notebook(chapter).cells[2:]:  # behind the title, and the start
        if cell.cell_type == "code":
            yield from map(ast.unparse, ast.parse(cell.source).body)


def statements_of_module(chapter):
    """Without the prose, the start and the guard; a notebook's Config is the default one."""
    for node in ast.parse(chapter.path.read_text("utf-8")).body:
        text = ast.unparse(node)
        is_prose = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if is_prose or text in STARTS or text.startswith("chapters.start(__name__"):
            continue
        is_guarded = isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"
        for inner in node.body if is_guarded else [node]:
            yield READS_CONFIG.sub("config = Config()", ast.unparse(inner))


@pytest.mark.slow
@by_chapter
def test_each_runs_in_a_fresh_kernel(chapter):
    """It runs as in `python -m docs.book --check`, and is not run again where that ran it.

    Without the book's check, as CI makes it, a few that differ in kind run here.
    """
    is_small = chapters.is_small(chapter)
    is_kept = execute.kept(chapter, BUILDS, is_small).exists()
    if not (is_kept or IN_CI or chapter.name in DIFFERENT):
        pytest.skip("python -m docs.book --check runs it")
    with kernels.forked():
        book = execute.executed(chapter, BUILDS, is_small)
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [one for one in outputs if one.output_type == "error"]
    assert "tensorflow/" not in "".join(texts_of(book))  # its own messages


@pytest.mark.slow
@pytest.mark.parametrize("is_forked", [False, True], ids=["a process of its own", "forked"])
def test_a_kernel_sees_the_packages_and_nothing_else_of_the_clone(is_forked, tmp_path):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LOOKS_AROUND)])
    if is_forked:
        with kernels.forked():
            execute.run(book, tmp_path, "a test")
    else:
        execute.run(book, tmp_path, "a test")
    around, clones, packages = "".join(texts_of(book)).splitlines()
    assert around == f"None False {tmp_path}"
    assert clones == ""
    assert packages == f"{chapters.ROOT / 'gan_core' / '__init__.py'} {is_forked}"


@pytest.mark.slow
def test_one_runs_in_a_process_of_its_own_and_leaves_its_figures_there(tmp_path):
    chapter = CHAPTERS[1]
    execute.run(chapters.notebook(chapter, small=True), tmp_path, chapter.module)
    assert list((tmp_path / "runs" / chapter.name).glob("*.png"))


@pytest.mark.slow
def test_a_failing_cell_is_told_with_its_error(tmp_path):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    with (
        kernels.forked(),
        pytest.raises(RuntimeError, match=r"(?s)a cell of ch99 .*1 / 0.*Division"),
    ):
        execute.run(book, tmp_path, "ch99")


@pytest.mark.slow
def test_a_kernel_ends_with_the_process_that_wanted_it(tmp_path):
    """The process that it is forked from imports nothing before: that is not what counts here."""
    program = """
import multiprocessing, sys, pathlib, nbformat
from docs.book import execute, kernels

def main():
    context = multiprocessing.get_context(kernels.METHOD)
    context.set_forkserver_preload = lambda modules: None
    cell = "import os, pathlib, time; pathlib.Path('id').write_text(str(os.getpid())); time.sleep(99)"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell)])
    with kernels.forked():
        execute.run(book, pathlib.Path(sys.argv[1]), "a test")

if __name__ == "__main__":
    main()
"""
    (tmp_path / "program.py").write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(chapters.ROOT)}
    running = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py"), str(tmp_path)], env=environment
    )
    wait_for(lambda: (tmp_path / "id").exists() and (tmp_path / "id").read_text())
    running.kill()
    running.wait()
    number = int((tmp_path / "id").read_text())
    wait_for(lambda: not is_running(number))


def is_running(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition, seconds=240):
    import time

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)
