"""Run a chapter's notebook and keep the result, until the chapter or what it imports changes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import subprocess
from pathlib import Path

import nbclient
import nbformat

from docs.book import chapters
from docs.book.chapters import Chapter

LONGEST_CELL = 1800  # seconds
LIBRARIES = ("tensorflow", "numpy", "matplotlib", "seaborn", "nbformat")


def executed(
    chapter: Chapter, cache: Path, work: Path, small: bool = False
) -> nbformat.NotebookNode:
    """The notebook of a chapter with its output.

    Args:
        chapter: which.
        cache: folder of the results.
        work: folder in which it runs and leaves its files.
        small: whether it runs with its small configuration.

    Raises:
        RuntimeError: if a cell fails; the message holds the cell and the error.
    """
    kept = cache / f"{chapter.name}-{key(chapter, small)}.ipynb"
    book = chapters.notebook(chapter, small)
    if kept.exists():
        return _with_outputs_of(nbformat.read(kept, as_version=4), book)
    book = run(book, work, chapter.module)
    cache.mkdir(parents=True, exist_ok=True)
    for older in cache.glob(f"{chapter.name}-*.ipynb"):
        older.unlink()
    nbformat.write(book, kept)
    return book


def _with_outputs_of(
    before: nbformat.NotebookNode, book: nbformat.NotebookNode
) -> nbformat.NotebookNode:
    """The text of today with the output of before: their code is the same."""
    pairs = zip(_code_cells(before), _code_cells(book), strict=True)
    for cell_before, cell in pairs:
        cell.outputs = cell_before.outputs
        cell.execution_count = cell_before.execution_count
    return book


def _code_cells(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def run(book: nbformat.NotebookNode, work: Path, name: str) -> nbformat.NotebookNode:
    """Run a notebook in a fresh kernel; it is changed in place.

    Raises:
        RuntimeError: if a cell fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    environment = {
        **os.environ,
        "MPLBACKEND": "agg",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": str(chapters.ROOT),
        "COLUMNS": "100",
    }
    client = nbclient.NotebookClient(
        book, timeout=LONGEST_CELL, kernel_name="python3", resources={"metadata": {"path": work}}
    )
    try:
        # What the kernel itself says is no output of the chapter.
        client.execute(env=environment, stderr=subprocess.DEVNULL)
    except nbclient.exceptions.CellExecutionError as error:
        raise RuntimeError(f"docs.book: a cell of {name} failed:\n{error}") from error
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
    """A hash of all that the output depends on: code, packages, libraries, configuration.

    Prose is not among it, and neither are other chapters and their solutions.
    """
    digest = hashlib.blake2b(digest_size=16)
    digest.update(b"small" if small else b"whole")
    digest.update(_source_of(chapters.notebook(chapter, small)))
    for package in sorted({"gan_core", chapter.package}):
        for path in sorted((chapters.ROOT / package).rglob("*.py")):
            is_chapter = path.name.startswith("ch") and path.parent.name == package
            if not is_chapter and path.parent.name != "solutions":
                digest.update(str(path.relative_to(chapters.ROOT)).encode())
                digest.update(path.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}".encode())
    return digest.hexdigest()


def _source_of(book: nbformat.NotebookNode) -> bytes:
    """The code alone: a notebook's cells get random ids each time."""
    return "\0".join(cell.source for cell in _code_cells(book)).encode()
