"""Run a chapter's notebook and keep the result, until the chapter or what it imports changes."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
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
    if kept.exists():
        return nbformat.read(kept, as_version=4)
    book = run(chapters.notebook(chapter, small), work, chapter.module)
    cache.mkdir(parents=True, exist_ok=True)
    for older in cache.glob(f"{chapter.name}-*.ipynb"):
        older.unlink()
    nbformat.write(book, kept)
    return book


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
        client.execute(env=environment)
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
    """A hash of all that the output depends on: chapter, packages, libraries, configuration."""
    digest = hashlib.blake2b(digest_size=16)
    digest.update(b"small" if small else b"whole")
    digest.update(_source_of(chapters.notebook(chapter, small)))
    for package in sorted({"gan_core", chapter.package}):
        for path in sorted((chapters.ROOT / package).rglob("*.py")):
            if not path.name.startswith("ch") or path.parent.name != package:
                digest.update(str(path.relative_to(chapters.ROOT)).encode())
                digest.update(path.read_bytes())
    for library in LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}".encode())
    return digest.hexdigest()


def _source_of(book: nbformat.NotebookNode) -> bytes:
    """The cells alone: a notebook's cells get random ids each time."""
    return "\0".join(f"{cell.cell_type} {cell.source}" for cell in book.cells).encode()
