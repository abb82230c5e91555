"""`python -m docs.notebooks`: each notebook runs in a fresh kernel outside the clone."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("jupytext", reason="needs the extra book")
nbformat = pytest.importorskip("nbformat", reason="needs the extra book")
nbclient = pytest.importorskip("nbclient", reason="needs the extra book")

from docs.book import chapters, execute, kernels  # noqa: E402

BUILDS = chapters.ROOT / "docs/book/_build"  # where `python -m docs.book --check` keeps its results
CHAPTERS = chapters.all_chapters()
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


def test_the_command_writes_them_all_and_no_folder_twice(tmp_path):
    out = tmp_path / "notebooks"
    command = [sys.executable, "-m", "docs.notebooks", str(out)]
    for code in (0, 2):
        done = subprocess.run(command, capture_output=True, text=True, cwd=chapters.ROOT)
        assert done.returncode == code, done.stderr
    names = [path.name for path in sorted(out.iterdir())]
    assert names == sorted(f"{chapter.path.stem}.ipynb" for chapter in CHAPTERS)
    for path in out.iterdir():
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
        assert not any(cell.get("outputs") for cell in book.cells)


@pytest.mark.slow
@pytest.mark.parametrize("chapter", CHAPTERS, ids=[one.name for one in CHAPTERS])
def test_each_runs_in_a_fresh_kernel(chapter):
    """It runs as in `python -m docs.book --check`, and is not run again where that ran it."""
    with kernels.forked():
        book = execute.executed(chapter, BUILDS, chapters.is_small(chapter))
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
    program = """
import sys, pathlib, nbformat
from docs.book import execute, kernels

def main():
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
