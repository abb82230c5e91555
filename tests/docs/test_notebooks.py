"""`python -m docs.notebooks`: each notebook runs in a fresh kernel outside the clone."""

import os
import subprocess
import sys

import pytest

pytest.importorskip("jupytext", reason="needs the extra book")
nbformat = pytest.importorskip("nbformat", reason="needs the extra book")
nbclient = pytest.importorskip("nbclient", reason="needs the extra book")

from docs.book import chapters, execute  # noqa: E402

CHAPTERS = chapters.all_chapters()


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
def test_each_runs_in_a_fresh_kernel(chapter, tmp_path):
    book = execute.run(chapters.notebook(chapter, small=True), tmp_path, chapter.module)
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [one for one in outputs if one.output_type == "error"]
    text = "".join(one.get("text", "") for one in outputs if one.output_type == "stream")
    assert "tensorflow/" not in text  # its own messages
    assert os.listdir(tmp_path)  # figures lie where the kernel runs
