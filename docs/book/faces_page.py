"""The page of faces that chapter 10 shows: what `python -m dcgan page --without-labels` writes.

It reads faces with the classifier that the chapter trains, and is kept like a chapter's output.
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import nbformat

from docs.book import execute, imports
from docs.book.chapters import ROOT

NAME = "faces.html"
CHAPTER = "ch10"
PROGRAM = """
from pathlib import Path

from dcgan.judge import kept_classifier
from dcgan.page import build
from dcgan.page.command import Page

classifier = kept_classifier.trained_or_read(Path("runs/factor_classifier"), {training})
asked = Page(out=Path("{name}"), samples={samples}, without_labels=True, overwrite=True)
build.page(asked, classifier)
"""
WHOLE = {"training": "faces=8000, steps=800", "samples": 3000}  # the chapter's own numbers
SMALL = {"training": "faces=200, steps=5", "samples": 500}
# What a page says that is built without the chapter.
EMPTY = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Faces</title>
<p>Built together with chapter 10.</p>
"""


def kept(folder: Path, small: bool = False) -> Path:
    """The file of the page, which is made if it is not there.

    Args:
        folder: of the builds.
        small: whether its directions come from few faces.

    Raises:
        RuntimeError: if it cannot be made.
    """
    program = PROGRAM.format(name=NAME, **(SMALL if small else WHOLE))
    size = "small" if small else "whole"
    prefix = f"faces-{size}-"
    file = folder / "cache" / f"{prefix}{_key(program)}.html"
    if file.exists():
        return file
    work = execute.work_folder(folder, small)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(program)])
    execute.run(book, work, NAME)
    file.parent.mkdir(parents=True, exist_ok=True)
    for older in file.parent.glob(f"{prefix}*.html"):
        older.unlink()
    shutil.move(work / NAME, file)
    return file


def _key(program: str) -> str:
    digest = hashlib.blake2b(program.encode(), digest_size=16)
    for path in imports.needed_by(program):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
