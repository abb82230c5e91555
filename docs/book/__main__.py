"""python -m docs.book: build the book."""

from __future__ import annotations

import dataclasses
import time

from gan_core import checks
from gan_core.app import command_line


@dataclasses.dataclass(frozen=True)
class Book:
    """Run the chapters and build the pages; what has not changed is not run again."""

    check: bool = False
    """run two chapters in full and the others with small configurations: a few minutes"""
    only: tuple[str, ...] = ()
    """run these chapters alone, such as ch01 ch02; the others are shown without output"""
    colab: str = ""
    """address below which Colab finds the notebooks; none: no links to it"""

    def __post_init__(self) -> None:
        checks.boolean("Book", "check", self.check)


def main(config: Book) -> None:
    """Build, and say where the book is."""
    try:
        from docs.book import build, chapters
    except ModuleNotFoundError as error:
        raise ValueError(
            f"docs.book: {error.name} is not installed. Say: pip install -e '.[book]'"
        ) from error
    names = [chapter.name for chapter in chapters.all_chapters()]
    for name in config.only:
        checks.one_of("Book", "only", name, names)
    start = time.perf_counter()

    def say(words: str) -> None:
        command_line.say(f"{time.perf_counter() - start:6.0f} s  {words}")

    try:
        folder = build.build(check=config.check, only=config.only, colab=config.colab, say=say)
    except RuntimeError as error:
        raise ValueError(str(error)) from error
    say(f"the book is at {folder / 'index.html'}")


if __name__ == "__main__":
    command_line.run(Book, main, "Build the web book.", "python -m docs.book")
