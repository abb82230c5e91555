"""The lecturers' plan sets exercises that exist, with the grades that they have."""

import re

import pytest

pytest.importorskip("jupytext", reason="needs the extra book")

from docs.book import chapters

PLAN = (chapters.ROOT / "docs/book/pages/for_lecturers.md").read_text(encoding="utf-8")
ROWS = [
    line.split("|") for line in PLAN.splitlines() if line.startswith("|") and "chapter " in line
]
BY_NUMBER = {chapter.number: chapter for chapter in chapters.all_chapters()}
GRADED = re.compile(r"(\d+) (★{1,3})")


def number_of(row):
    return int(re.search(r"chapter (\d+)", row[2])[1])


def exercises(number):
    """{exercise: its stars}"""
    text = BY_NUMBER[number].path.read_text(encoding="utf-8")
    return {int(i): stars for i, stars in re.findall(r"(?m)^(\d)\. (★{1,3}) ", text)}


def test_every_chapter_has_a_week():
    assert [number_of(row) for row in ROWS] == sorted(BY_NUMBER)


@pytest.mark.parametrize("row", ROWS, ids=[f"week-{row[1].strip()}" for row in ROWS])
def test_the_exercises_of_a_week_exist_and_are_graded_so(row):
    chapter = BY_NUMBER[number_of(row)]
    if not chapter.solutions.exists():
        pytest.skip(f"{chapter.name} has no graded exercises yet")
    set_ones = GRADED.findall(row[5])
    assert set_ones
    known = exercises(chapter.number)
    assert {int(i): stars for i, stars in set_ones}.items() <= known.items()
