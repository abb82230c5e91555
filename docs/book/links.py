"""Words that point somewhere become links: "chapter 3", "Figure 3.1", "[Goodfellow et al. 2014]".

In the source they stay words, so that a chapter reads well as a file. Links are HTML elements;
after the build `broken` looks whether each of them leads somewhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

OURS = r"(?!\s+of\s+the\s+paper\b)"  # "section 4.1 of the paper" is no section of this book
CHAPTER = re.compile(r"\b([Cc]hapter) (\d{1,2})\b(?!\.\d)" + OURS)
NUMBERED = re.compile(r"\b(Figure|Table|[Ss]ection) (\d{1,2})\.(\d{1,2})\b" + OURS)
EQUATION = re.compile(r"\b([Ee]quation) \((\d{1,2})\.(\d{1,2})\)" + OURS)
CITATION = re.compile(r"\[([A-Z][^\[\]]*? \d{4}[a-z]?(?:; [A-Z][^\[\]]*? \d{4}[a-z]?)*)\](?!\()")
HEADING = re.compile(r"(?m)^(#{2,4}) (\d{1,2})\.(\d{1,2}) (.+)$")
TAG = re.compile(r"\\tag\{(\d{1,2})\.(\d{1,2})\}")
# What is not prose: code blocks, code, displayed and inline formulas, HTML elements, headings.
NOT_PROSE = re.compile(
    r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+?\$|<[^>\n]+>|^#+ .*?$", re.DOTALL | re.MULTILINE
)


def anchor(kind: str, chapter: str | int, number: str | int) -> str:
    """The id of a numbered element: figure-3-1."""
    return f"{kind.lower()}-{int(chapter)}-{int(number)}"


def slug(label: str) -> str:
    """The id of a source in the bibliography: "Goodfellow et al. 2014" -> goodfellow-et-al-2014."""
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def link(text: str, chapters: set[int], labels: set[str], here: int) -> str:
    """Markdown of a chapter with links and anchors.

    Args:
        text: the Markdown.
        chapters: numbers of the chapters that exist.
        labels: sources in the bibliography.
        here: number of the chapter that the text belongs to; 0 for other pages.

    Raises:
        ValueError: if a chapter or a source is named that does not exist.
    """
    pieces = []
    end = 0
    for match in NOT_PROSE.finditer(text):
        pieces.append(_link_prose(text[end : match.start()], chapters, labels, here))
        pieces.append(_with_anchor(match[0]))
        end = match.end()
    pieces.append(_link_prose(text[end:], chapters, labels, here))
    return "".join(pieces)


def _with_anchor(piece: str) -> str:
    """Before a numbered heading or equation stands an element with its id."""
    heading = HEADING.fullmatch(piece)
    if heading:
        return f'<a id="{anchor("section", heading[2], heading[3])}"></a>\n\n{piece}'
    if piece.startswith("$$"):
        ids = [anchor("equation", *found) for found in TAG.findall(piece)]
        return "".join(f'<a id="{one}"></a>' for one in ids) + ("\n" if ids else "") + piece
    return piece


def _link_prose(text: str, chapters: set[int], labels: set[str], here: int) -> str:
    def to_chapter(match: re.Match) -> str:
        number = int(match[2])
        if number not in chapters:
            raise ValueError(f"docs.book: chapter {here} names chapter {number}: not there.")
        return f'<a href="ch{number:02d}.html">{match[0]}</a>'

    def to_numbered(match: re.Match) -> str:
        page = f"ch{int(match[2]):02d}.html"
        return f'<a href="{page}#{anchor(match[1], match[2], match[3])}">{match[0]}</a>'

    def to_equation(match: re.Match) -> str:
        page = f"ch{int(match[2]):02d}.html"
        return f'<a href="{page}#{anchor("equation", match[2], match[3])}">{match[0]}</a>'

    def to_sources(match: re.Match) -> str:
        parts = []
        for label in match[1].split("; "):
            if label not in labels:
                raise ValueError(f"docs.book: chapter {here} cites [{label}], no such source.")
            parts.append(f'<a href="bibliography.html#{slug(label)}">{html.escape(label)}</a>')
        return f"[{'; '.join(parts)}]"

    # Citations first: a label may hold words that look like another reference.
    text = CITATION.sub(to_sources, text)
    text = EQUATION.sub(to_equation, text)
    text = NUMBERED.sub(to_numbered, text)
    return CHAPTER.sub(to_chapter, text)


class _Page(HTMLParser):
    """The ids of a page, and what its links and pictures point to."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.without_alt = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if found.get("id"):
            self.ids.add(found["id"])
        if tag == "a" and found.get("href"):
            self.targets.append(found["href"])
        if tag in ("img", "script", "iframe") and found.get("src"):
            self.targets.append(found["src"])
        if tag == "link" and found.get("href"):
            self.targets.append(found["href"])
        if tag == "img" and not found.get("alt"):
            self.without_alt += 1


def broken(folder: Path, not_run: Collection[str] = ()) -> list[str]:
    """What is wrong with the links and pictures of a folder of HTML pages.

    Links to other hosts are not followed: a page may name them, and loads nothing from them.

    Args:
        folder: of the pages.
        not_run: names of pages without output; links to their figures and tables are left alone.

    Returns:
        A line for each link to a file or an id that is not there, and for each picture without a
        text for those who cannot see it.
    """
    pages = {path: _parse(path) for path in sorted(folder.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        name = path.relative_to(folder)
        if page.without_alt:
            found.append(f"{name}: {page.without_alt} pictures without alt text")
        for target in page.targets:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            place = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            if place.is_dir():
                place = place / "index.html"
            if not place.exists():
                found.append(f"{name}: {target} leads to no file")
            elif place.name in not_run and parts.fragment.startswith(("figure-", "table-")):
                continue
            elif place in pages and not _has(pages[place], parts.fragment):
                found.append(f"{name}: {target} leads to no place of {place.name}")
    return found


def _has(page: _Page, fragment: str) -> bool:
    return fragment == "" or unquote(fragment) in page.ids


def _parse(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page
