"""The page of faces in chapter 10: it reads faces with the chapter's classifier."""

import re

import pytest

pytest.importorskip("jupytext", reason="needs the extra book")
pytest.importorskip("nbclient", reason="needs the extra book")

from docs.book import chapters, faces_page, moving

CHAPTER = next(one for one in chapters.all_chapters() if one.name == faces_page.CHAPTER)


def test_its_classifier_is_the_chapters():
    text = CHAPTER.path.read_text(encoding="utf-8")
    taught, steps = [
        int(re.search(rf"(?m)^    {name}: int = (\d+)$", text)[1]) for name in ("taught", "steps")
    ]
    assert faces_page.WHOLE["training"] == f"faces={taught}, steps={steps}"
    assert f"{faces_page.SMALL['training']}".replace("faces", "taught") in chapters.SMALL["ch10"]


def test_the_chapter_shows_it_and_a_link_opens_it_alone():
    assert "<!-- moving: faces -->" in CHAPTER.path.read_text(encoding="utf-8")
    shown = moving.inserted("<!-- moving: faces -->")
    assert shown.count(f'src="{faces_page.NAME}"') == shown.count(f'href="{faces_page.NAME}"') == 1
