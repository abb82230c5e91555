"""Run a chapter's notebook and keep the result, until the chapter or what it imports changes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import nbclient
import nbformat

from docs.book import chapters, imports
from docs.book.chapters import PACKAGES, ROOT, Chapter

LONGEST_CELL = 1800  # seconds
LIBRARIES = ("tensorflow", "numpy", "matplotlib", "seaborn", "nbformat")
CPU_SECONDS = "cpu_seconds"  # in the metadata of an executed notebook
CLOCK = "import os\n\nprint(sum(os.times()[:4]))"  # the kernel's and its children's


def kept(chapter: Chapter, folder: Path, small: bool = False) -> Path:
    """The file that holds the chapter with its output, or will hold it."""
    return folder / "cache" / f"{_prefix(chapter, small)}{key(chapter, small)}.ipynb"


def executed(chapter: Chapter, folder: Path, small: bool = False) -> nbformat.NotebookNode:
    """The notebook of a chapter with its output.

    Args:
        chapter: which.
        folder: of the builds; results are kept in `cache`, files of the chapters in `work`.
        small: whether it runs with its small configuration.

    Raises:
        RuntimeError: if a cell fails; the message holds the cell and the error.
    """
    file = kept(chapter, folder, small)
    book = chapters.notebook(chapter, small)
    if file.exists():
        return _with_outputs_of(nbformat.read(file, as_version=4), book)
    work = work_folder(folder, small)
    shutil.rmtree(work / "runs" / chapter.name, ignore_errors=True)  # else runs would be resumed
    book = run(book, work, chapter.module)
    file.parent.mkdir(parents=True, exist_ok=True)
    for older in file.parent.glob(f"{_prefix(chapter, small)}*.ipynb"):
        older.unlink()
    nbformat.write(book, file)
    return book


def work_folder(folder: Path, small: bool) -> Path:
    """Where notebooks run: chapters find there what others left."""
    return folder / "work" / ("small" if small else "whole")


def _prefix(chapter: Chapter, small: bool) -> str:
    size = "small" if small else "whole"
    return f"{chapter.name}-{size}-"


def _with_outputs_of(
    before: nbformat.NotebookNode, book: nbformat.NotebookNode
) -> nbformat.NotebookNode:
    """The text of today with the output of before: their code is the same."""
    pairs = zip(_code_cells(before), _code_cells(book), strict=True)
    for cell_before, cell in pairs:
        cell.outputs = cell_before.outputs
        cell.execution_count = cell_before.execution_count
    book.metadata[CPU_SECONDS] = before.metadata.get(CPU_SECONDS)
    return book


def _code_cells(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def run(book: nbformat.NotebookNode, work: Path, name: str) -> nbformat.NotebookNode:
    """Run a notebook in a fresh kernel that finds the three packages and nothing else of the clone.

    The notebook is changed in place; its metadata say how many seconds of a processor it took.

    Args:
        book: the notebook.
        work: folder in which it runs and leaves its files.
        name: of the notebook, for the message.

    Raises:
        RuntimeError: if a cell fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    book.cells.append(nbformat.v4.new_code_cell(CLOCK))
    with tempfile.TemporaryDirectory() as packages:
        for package in ("gan_core", *PACKAGES):
            Path(packages, package).symlink_to(ROOT / package, target_is_directory=True)
        environment = {
            **os.environ,
            "MPLBACKEND": "agg",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "PYTHONPATH": packages,
            "COLUMNS": "100",
        }
        client = nbclient.NotebookClient(
            book,
            timeout=LONGEST_CELL,
            kernel_name="python3",
            resources={"metadata": {"path": str(work)}},
        )
        try:
            # What the kernel itself says is no output of the chapter.
            client.execute(env=environment, stderr=subprocess.DEVNULL)
        except nbclient.exceptions.CellExecutionError as error:
            raise RuntimeError(f"docs.book: a cell of {name} failed:\n{error}") from error
    clock = book.cells.pop()
    book.metadata[CPU_SECONDS] = float(clock.outputs[0]["text"])
    _drop_noise(book)
    return book


def _drop_noise(book: nbformat.NotebookNode) -> None:
    """Leave out what libraries write to standard error: it is no output of the chapter."""
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = [
                output
                for output in cell.outputs
                if not (output.output_type == "stream" and output.name == "stderr")
            ]


def key(chapter: Chapter, small: bool) -> str:
    """A hash of all that the output depends on: code, what it imports, libraries, configuration.

    Prose is not among it, and neither are other chapters and their solutions.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(b"small" if small else b"whole")
    digest.update(_source_of(chapters.notebook(chapter, small)))
    for path in imports.needed_by(chapter.path.read_text(encoding="utf-8")):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}".encode())
    return digest.hexdigest()


def _source_of(book: nbformat.NotebookNode) -> bytes:
    """The code alone: a notebook's cells get random ids each time."""
    return "\0".join(cell.source for cell in _code_cells(book)).encode()
