"""The law of the settings: an address says a game, and nothing else can be said in it."""

import dataclasses
from urllib.parse import parse_qsl

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan_core import losses
from toy.play import settings as choices
from toy.play.presets import PRESETS
from toy.play.settings import Settings
from toy.targets import by_name, on_the_line

SIZES = st.lists(st.integers(1, choices.MOST_UNITS), max_size=choices.MOST_LAYERS).map(tuple)
PLACES = st.floats(-choices.HALF, choices.HALF)


def games():
    """Any settings without a drawing."""
    whole = {name: st.integers(*ends) for name, ends in choices.WHOLE.items()}
    real = {name: st.floats(*ends) for name, ends in choices.REAL.items()}
    below_1 = st.floats(0.0, 1.0, exclude_max=True)
    return st.builds(
        Settings,
        target=st.sampled_from([*choices.PLANE, *choices.LINE, choices.POINTS]),
        loss=st.sampled_from(choices.LOSSES),
        penalty=st.sampled_from(choices.PENALTIES),
        update=st.sampled_from(choices.UPDATES),
        optimizer=st.sampled_from(choices.OPTIMIZERS),
        g_hidden=SIZES,
        d_hidden=SIZES,
        beta_1=below_1,
        average=below_1,
        **whole,
        **real,
    )


@given(game=games())
def test_an_address_brings_the_same_game_back(game):
    assert choices.from_query(dict(parse_qsl(choices.query(game)))) == game


@given(rows=st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=30))
def test_drawn_points_come_back_within_half_a_step(rows):
    text = "".join(choices.point_text(x, y) for x, y in rows)
    game = Settings(target=choices.DRAWN_PLANE, drawing=text)
    assert choices.from_query(dict(parse_qsl(choices.query(game)))) == game
    step = 2.0 * choices.HALF / (choices.STEPS - 1)
    np.testing.assert_allclose(choices.points(text), rows, atol=0.5 * step + 1e-12)


def test_the_lists_of_names_are_those_of_the_library():
    """They are written again, because the page does not import TensorFlow."""
    assert list(choices.LOSSES) == list(losses.LOSSES)
    assert list(choices.PLANE) == list(by_name.BY_NAME)
    assert list(choices.LINE) == list(on_the_line.BY_NAME)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("target", "/etc/passwd"),
        ("target", "faces"),
        ("loss", "mine"),
        ("d_steps", "0"),
        ("d_steps", "1.5"),
        ("d_steps", "9" * 50),
        ("batch", "1000000"),
        ("g_hidden", "128-1000"),
        ("g_hidden", "1-1-1-1-1"),
        ("g_hidden", "__import__"),
        ("g_rate", "nan"),
        ("g_rate", "inf"),
        ("g_rate", "-1"),
        ("gamma", "1e9"),
        ("beta_1", "1"),
        ("average", "1.0"),
        ("seed", "-1"),
        ("update", "at once"),
        ("drawing", "AAAA"),
    ],
)
def test_what_is_no_game_is_refused_by_name(name, text):
    with pytest.raises(ValueError, match=f"^Settings: {name}"):
        choices.from_query({name: text})


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (choices.DRAWN_PLANE, ""),
        (choices.DRAWN_PLANE, "AAA"),
        (choices.DRAWN_PLANE, "AA'A"),
        (choices.DRAWN_PLANE, "AAAA" * (choices.MOST_DRAWN + 1)),
        (choices.DRAWN_LINE, ""),
        (choices.DRAWN_LINE, "A" * choices.BARS),
        (choices.DRAWN_LINE, "B" * (choices.BARS + 1)),
    ],
)
def test_what_is_no_drawing_is_refused(target, text):
    with pytest.raises(ValueError, match=r"^Settings: drawing must be"):
        Settings(target=target, drawing=text)


def test_other_names_in_an_address_are_left():
    assert choices.from_query({"utm_source": "x", "__class__": "y"}) == Settings()


def test_hidden_layers_may_be_typed_in_several_ways():
    for text in ("64-32", "64, 32", " 64 32 ", "64,32"):
        assert choices.hidden_from_text("g_hidden", text) == (64, 32)
    for text in ("linear", "", "none"):
        assert choices.hidden_from_text("g_hidden", text) == ()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_has_two_lines_and_a_game_that_an_address_can_say(name):
    preset = PRESETS[name]
    assert max(len(preset.see), len(preset.then)) <= 95
    assert preset.see.endswith(".")
    assert preset.then.endswith(".")
    again = choices.from_query(dict(parse_qsl(choices.query(preset.settings))))
    assert again == preset.settings


def test_every_setting_has_a_line_of_help_with_its_range():
    """The docstring below each field, as on the command line."""
    import ast
    import inspect

    (made,) = ast.parse(inspect.getsource(Settings)).body
    fields = [node for node in made.body if isinstance(node, ast.AnnAssign)]
    below = [made.body[made.body.index(node) + 1] for node in fields]
    assert len(fields) == len(dataclasses.fields(Settings))
    assert all(isinstance(node, ast.Expr) for node in below)
