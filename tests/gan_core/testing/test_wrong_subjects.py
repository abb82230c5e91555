"""The laws bite: each wrong subject is caught by a law that is named, each right one by none."""

import re
from pathlib import Path

import hypothesis
import pytest

from gan_core import testing
from gan_core.testing import law as laws
from tests.gan_core.testing.wrong import inputs, layers, losses, optimizers, penalties

pytestmark = pytest.mark.slow

ROOMS = {
    "losses": losses.WRONG,
    "penalties": penalties.WRONG,
    "layers": layers.WRONG,
    "optimizers": optimizers.WRONG,
    "inputs": inputs.WRONG,
}
WRONG = {f"{room}: {name}": case for room, cases in ROOMS.items() for name, case in cases.items()}


def law_named(subject, name):
    """The law of that name; the subject must be held to it."""
    (law,) = [law for law in testing.laws_of(subject) if law.name == name]
    return law


@pytest.fixture
def any_counterexample(monkeypatch):
    """The first input found is shown, not the smallest; that one is test_running.py's subject."""
    settings = laws.search_settings
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    monkeypatch.setattr(
        laws, "search_settings", lambda: hypothesis.settings(settings(), phases=phases)
    )


@pytest.mark.usefixtures("any_counterexample")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_subject_is_caught_by_its_law(name):
    subject, law, source = WRONG[name]
    with pytest.raises(testing.LawBroken) as error:
        law_named(subject, law)(subject)
    message = str(error.value)
    assert source
    assert f" {law} is broken by the " in message
    for part in ("  law:     ", "  formula: ", "  wanted:  ", "  got:     ", "  likely:  "):
        assert part in message
    raises = name in ("layers: groups of 4 in any batch", "layers: no second gradient")
    assert raises or not re.search(r"got: +\w+(Error|Warning|Exception): ", message)


@testing.parametrize_with_laws([*penalties.RIGHT, *layers.RIGHT, *optimizers.RIGHT, *inputs.RIGHT])
def test_a_right_subject_is_caught_by_none(subject, law):
    """The right losses are gan_core's six, in test_loss_laws.py."""
    law(subject)


def test_there_are_more_than_40_and_each_kind_of_subject_is_among_them():
    assert len(WRONG) > 40
    kinds = {testing.laws_of(subject)[0].kind for subject, _, _ in WRONG.values()}
    assert kinds == set(testing.LAWS)


def test_the_page_says_how_many_there_are():
    page = (Path(__file__).resolve().parents[3] / "docs" / "laws.md").read_text("utf-8")
    assert f"holds {len(WRONG)} wrong subjects" in page
