"""python -m toy lists every chapter with its first line."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

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
    listing.main([])
    said = capsys.readouterr().out
    assert all(module in said for module, _ in found)


def test_a_command_that_is_none_is_refused_in_one_line(capsys):
    with pytest.raises(SystemExit, match="2"):
        listing.main(["plya"])
    assert capsys.readouterr().err == "error: there is no command 'plya'. See python -m toy.\n"


def test_play_says_what_it_takes(capsys):
    with pytest.raises(SystemExit, match="0"):
        listing.main(["play", "--help"])
    said = capsys.readouterr().out
    assert all(flag in said for flag in ("--points", "--port", "--host", "--no-browser"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "99999"], "--port must be a whole number from 0 to 65535"),
        (["--host", "a/b"], "--host must be a name or an address of this machine"),
        (["--points", "none.csv"], "--points must be a CSV file that can be read, got none.csv"),
    ],
)
def test_a_wrong_argument_of_play_is_one_line(arguments, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        listing.main(["play", *arguments])
    said = capsys.readouterr().err
    assert said.startswith(f"error: {words}")
    assert said.count("\n") == 1


def test_a_missing_extra_is_one_line(monkeypatch, capsys):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(SystemExit, match="2"):
        listing.main(["play"])
    assert "python -m toy play needs NiceGUI" in capsys.readouterr().err


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
