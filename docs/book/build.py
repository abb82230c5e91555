"""Write the pages of the book, build them with Sphinx, and look for what is broken."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import urllib.parse
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from sphinx.application import Sphinx

from docs.book import (
    api,
    bibliography,
    chapters,
    execute,
    faces_page,
    kernels,
    links,
    moving,
    solutions,
)
from docs.book.chapters import Chapter
from gan_core.app import command_line

HERE = Path(__file__).parent
BUILD = HERE / "_build"
AT_A_TIME = 2  # chapters that run; most keep one core busy
MATHJAX = "tex-svg.js"
FIRST_PAGES = ("for_students", "notation")
LAST_PAGES = (
    "glossary",
    "for_lecturers",
    "mistakes_in_a_course_notebook",
    "licences_and_deep_fakes",
)


def build(
    *,
    check: bool = False,
    only: tuple[str, ...] = (),
    colab: str = "",
    say: Callable[[str], object],
    folder: Path = BUILD,
) -> Path:
    """Build the book.

    Args:
        check: run two chapters in full and the others with small configurations.
        only: names of chapters, such as "ch01"; the others are shown without output. None: all.
        colab: address of the folder in which Colab finds the notebooks; "" for no links to it.
        say: is told in a line what is being done.
        folder: for everything that the build writes.

    Returns:
        The folder of the pages.

    Raises:
        RuntimeError: if a cell fails, Sphinx warns, or a link is broken; the message says where.
    """
    name = "check" if check else "book"
    source = folder / f"{name}_source"
    html = folder / ("check_html" if check else "html")
    for old in (source, html):
        shutil.rmtree(old, ignore_errors=True)
    source.mkdir(parents=True)
    found = chapters.all_chapters()
    sources = bibliography.read()
    numbers = {chapter.number for chapter in found}
    books, faces = _run_chapters(found, folder, check, only, say)
    for chapter in found:
        _write_chapter(chapter, books[chapter.name], source, numbers, set(sources), colab)
    _write_other_pages(found, sources, numbers, source)
    say("Sphinx")
    _run_sphinx(source, html, folder)
    _copy_notebooks(found, html)
    (html / faces_page.NAME).write_text(faces, encoding="utf-8", newline="\n")
    not_run = {f"{chapter.name}.html" for chapter in found if only and chapter.name not in only}
    faults = links.broken(html, not_run)
    if faults:
        raise RuntimeError("docs.book: links or pictures are broken:\n" + "\n".join(faults[:50]))
    return html


def _run_chapters(
    found: list[Chapter],
    folder: Path,
    check: bool,
    only: tuple[str, ...],
    say: Callable[[str], object],
) -> tuple[dict[str, nbformat.NotebookNode], str]:
    """{name: notebook}, with the output of those that are to run, and the page of faces."""

    def with_output(chapter: Chapter) -> nbformat.NotebookNode:
        small = check and chapters.is_small(chapter)
        was_kept = execute.kept(chapter, folder, small).exists()
        try:
            book = execute.executed(chapter, folder, small)
        except RuntimeError:
            say(f"{chapter.name}: failed; the others run on, and then you are told why")
            raise
        seconds = book.metadata[execute.CPU_SECONDS]
        kept = "kept from before, " if was_kept else ""
        say(f"{chapter.name}: {kept}{seconds:.0f} s of a processor. {chapter.title}")
        return book

    wanted = [chapter for chapter in found if not only or chapter.name in only]
    books = {chapter.name: chapters.notebook(chapter) for chapter in found if chapter not in wanted}
    faces = faces_page.EMPTY
    with kernels.forked(), ThreadPoolExecutor(AT_A_TIME) as pool:
        # The longest chapters are the last ones: begin with them, so that no core waits at the end.
        running = {chapter.name: pool.submit(with_output, chapter) for chapter in reversed(wanted)}
        if not only or faces_page.CHAPTER in only:
            kept_page = pool.submit(faces_page.kept, folder, check)
            faces = kept_page.result().read_text(encoding="utf-8")
        books |= {name: future.result() for name, future in running.items()}
    return books, faces


def _write_chapter(
    chapter: Chapter,
    book: nbformat.NotebookNode,
    folder: Path,
    numbers: set[int],
    labels: set[str],
    colab: str,
) -> None:
    for cell in book.cells:
        if cell.cell_type == "markdown":
            text = links.link(cell.source, numbers, labels, chapter.number)
            cell.source = moving.inserted(text)
    book.cells.insert(1, nbformat.v4.new_markdown_cell(_links_of(chapter, colab)))
    nbformat.write(book, folder / f"{chapter.name}.ipynb")


def _links_of(chapter: Chapter, colab: str) -> str:
    """The line below a chapter's opening: its notebook, its solutions."""
    parts = [f'<a href="notebooks/{chapter.path.stem}.ipynb" download>Download this notebook</a>']
    if chapter.solutions.exists():
        parts.append(f'<a href="{chapter.name}_solutions.html">Solutions</a>')
    if colab:
        address = f"{colab.rstrip('/')}/{urllib.parse.quote(chapter.path.stem)}.ipynb"
        parts.append(f'<a href="{address}">Open in Colab</a>')
    return f'<p class="book-links">{" · ".join(parts)}</p>'


def _write_other_pages(
    found: list[Chapter], sources: dict, numbers: set[int], folder: Path
) -> None:
    labels = set(sources)
    for path in sorted((HERE / "pages").glob("*.md")):
        text = links.link(path.read_text(encoding="utf-8"), numbers, labels, 0)
        (folder / path.name).write_text(text, encoding="utf-8", newline="\n")
    (folder / "bibliography.md").write_text(bibliography.page(sources), encoding="utf-8")
    with_solutions = [chapter for chapter in found if chapter.solutions.exists()]
    for chapter in with_solutions:
        text = links.link(solutions.page(chapter), numbers, labels, chapter.number)
        (folder / f"{chapter.name}_solutions.md").write_text(text, encoding="utf-8", newline="\n")
    api_pages = api.write_pages(folder)
    index = (HERE / "pages" / "index.md").read_text(encoding="utf-8")
    index = links.link(index, numbers, labels, 0) + _contents(found, with_solutions, api_pages)
    (folder / "index.md").write_text(index, encoding="utf-8", newline="\n")
    shutil.copy(HERE / "conf.py", folder / "conf.py")
    shutil.copytree(HERE / "static", folder / "_static")
    moving.copy_scripts(folder / "_static")
    (folder / "_static" / "mathjax").mkdir()
    shutil.copy(_mathjax(), folder / "_static" / "mathjax" / MATHJAX)


def _contents(found: list[Chapter], with_solutions: list[Chapter], api_pages: list[str]) -> str:
    """The tables of contents at the end of the first page."""
    there = {path.stem for path in (HERE / "pages").glob("*.md")}
    first = [name for name in FIRST_PAGES if name in there]
    last = [name for name in LAST_PAGES if name in there]
    parts = [
        ("Before you begin", first),
        ("Chapters", [chapter.name for chapter in found]),
        ("Solutions", [f"{chapter.name}_solutions" for chapter in with_solutions]),
        ("Appendices", [*last, "bibliography"]),
        ("Reference", api_pages),
    ]
    return "".join(_toctree(caption, names) for caption, names in parts if names)


def _toctree(caption: str, names: list[str]) -> str:
    lines = "\n".join(names)
    return f"\n```{{toctree}}\n:caption: {caption}\n:maxdepth: 1\n\n{lines}\n```\n"


def _mathjax() -> Path:
    """MathJax as the package sphinx-mathjax-offline ships it."""
    for file in importlib.metadata.files("sphinx-mathjax-offline") or []:
        if file.name == MATHJAX:
            return Path(str(file.locate()))
    raise RuntimeError(
        f"docs.book: {MATHJAX} is not in the package sphinx-mathjax-offline. "
        "Say: pip install -e '.[book]'"
    )


def _run_sphinx(source: Path, html: Path, folder: Path) -> None:
    """A warning fails the build: it is a missing reference, or text that is not what it seems."""
    command_line.start_quietly()  # autodoc imports TensorFlow
    warnings = (folder / "warnings.txt").open("w+", encoding="utf-8")
    with warnings:
        app = Sphinx(
            str(source),
            str(source),
            str(html),
            str(folder / "doctrees" / html.name),
            "html",
            status=None,
            warning=warnings,
            freshenv=True,
        )
        app.build()
        warnings.seek(0)
        found = re.sub(r"\x1b\[[0-9;]*m", "", warnings.read()).strip()
    if found or app.statuscode:
        raise RuntimeError(f"docs.book: Sphinx warns:\n{found}")


def _copy_notebooks(found: list[Chapter], html: Path) -> None:
    """The notebooks for download: as they run, without output and without links of pages."""
    folder = html / "notebooks"
    folder.mkdir()
    for chapter in found:
        nbformat.write(chapters.notebook(chapter), folder / f"{chapter.path.stem}.ipynb")
