"""Every flag of every chapter says what it means, in one idiom: a docstring below the field."""

import ast

import chapters
import pytest

from gan_core.app import command_line

CHAPTERS = [module for module, _ in command_line.programs(chapters.ROOT / "toy")]
NUMBERS = ("int", "float")
ANY = {"seed", "decay"}  # of ch06: any whole number


def fields(module):
    """(name, type, help) of every field of a chapter's Config."""
    tree = ast.parse(chapters.source(module))
    (config,) = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "Config"]
    found = []
    for node, below in zip(config.body, [*config.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            found.append(
                (node.target.id, ast.unparse(node.annotation), is_text and below.value.value)
            )
    return found


@pytest.mark.parametrize("module", CHAPTERS)
def test_every_field_has_a_docstring_below_it(module):
    assert [name for name, _, text in fields(module) if not text] == []


@pytest.mark.parametrize("module", CHAPTERS)
def test_every_number_says_its_range(module):
    silent = []
    for name, kind, text in fields(module):
        if kind in NUMBERS and name not in ANY and not says_a_range(text):
            silent.append(name)
    assert silent == []


def says_a_range(text):
    return any(words in text for words in (" to ", "at least", "above", "0: none"))


@pytest.mark.parametrize("module", CHAPTERS)
def test_no_comment_stands_beside_a_field(module):
    """tyro would take it for help, in the place of the docstring of another idiom."""
    text = chapters.source(module).partition("class Config")[2].partition("def __post_init__")[0]
    assert [line for line in text.splitlines() if "#" in line] == []
