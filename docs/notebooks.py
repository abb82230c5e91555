"""Write all chapters as notebooks.

python -m docs.notebooks OUT      (pip install -e '.[book]')
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import tyro

from gan_core import files
from gan_core.app import command_line


@dataclasses.dataclass(frozen=True)
class Notebooks:
    """All chapters as .ipynb, which need only the installed packages to run."""

    out: tyro.conf.Positional[Path]
    """new folder for the notebooks"""
    overwrite: bool = False
    """replace the folder if it is there"""


def main(config: Notebooks) -> None:
    """Write them: the folder appears whole or not at all."""
    try:
        import nbformat

        from docs.book import chapters
    except ModuleNotFoundError as error:
        raise ValueError(
            f"docs.notebooks: {error.name} is not installed. Say: pip install -e '.[book]'"
        ) from error
    found = chapters.all_chapters()
    with (
        files.claimed(config.out, config.overwrite),
        files.folder_atomically(config.out, config.overwrite) as folder,
    ):
        for chapter in found:
            nbformat.write(chapters.notebook(chapter), folder / f"{chapter.path.stem}.ipynb")
    command_line.say(f"wrote {len(found)} notebooks to {config.out}")


if __name__ == "__main__":
    command_line.run(
        Notebooks, main, "Write all chapters as notebooks.", "python -m docs.notebooks"
    )
