"""python -m toy lists every chapter with its first line."""

import subprocess
import sys
from pathlib import Path

import toy
from gan_core.app import command_line
from toy import __main__ as listing

FOLDER = Path(toy.__file__).parent


def test_every_chapter_is_listed_in_order_with_a_title_of_its_own(capsys):
    found = command_line.programs(FOLDER)
    assert [module for module, _ in found] == [
        f"toy.{file.stem}" for file in sorted(FOLDER.glob("ch*.py"))
    ]
    assert [title.partition(".")[0] for _, title in found] == [
        str(n) for n in range(1, len(found) + 1)
    ]
    listing.main()
    said = capsys.readouterr().out
    assert all(module in said for module, _ in found)


def test_the_listing_loads_neither_tensorflow_nor_a_drawing_library():
    """So that it answers at once."""
    program = (
        "import runpy, sys; runpy.run_module('toy', run_name='__main__'); "
        "print('loaded', *[m for m in ('tensorflow', 'matplotlib', 'seaborn') if m in sys.modules])"
    )
    said = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=FOLDER.parent,
        encoding="utf-8",
    ).stdout
    assert "toy.ch01_the_game" in said
    assert said.splitlines()[-1].split() == ["loaded"]
