"""Where the progress of a training is shown, and that showing it never ends the training."""

import io
import sys
import types

import pytest
from rich.console import Console

from gan_core.runs import progress

ROW = {"step": 5, "d_loss": 1.25}


class Display:
    """IPython's display, and the handle that it gives."""

    def __init__(self):
        self.shown = []

    def __call__(self, data, raw, display_id):
        assert raw
        assert display_id
        self.shown.append(data["text/plain"])
        return self

    def update(self, data, raw):
        assert raw
        self.shown.append(data["text/plain"])


@pytest.fixture
def display(monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_DISPLAYS", 1e9)
    display = Display()
    module = types.ModuleType("IPython.display")
    module.display = display
    monkeypatch.setitem(sys.modules, "IPython", types.ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    return display


def test_a_notebook_shows_the_beginning_and_the_last_row_though_it_is_no_terminal(display):
    console = Console(file=io.StringIO(), force_jupyter=True)
    assert not console.is_terminal
    with progress.Bar(console, 0, 20) as bar:
        for step in range(1, 6):
            bar.show({**ROW, "step": step}, 3.0)
    assert display.shown[0].startswith("round ░░░")
    assert display.shown[-1].startswith("round ███████░")
    assert "5/20  3 a second" in display.shown[-1]
    assert "d_loss 1.25" in display.shown[-1]
    assert len(display.shown) <= 3  # not a message for each call


@pytest.mark.parametrize("quiet", [True, False])
def test_elsewhere_nothing_is_shown(display, quiet):
    out = io.StringIO()
    console = Console(file=out, force_jupyter=quiet, quiet=quiet)
    with progress.Bar(console, 0, 20) as bar:
        bar.show(ROW, 3.0)
    assert display.shown == []
    assert out.getvalue() == ""


class Broken(io.StringIO):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error


@pytest.mark.parametrize(
    "error", [OSError(5, "gone"), UnicodeEncodeError("ascii", "é", 0, 1, "no")]
)
def test_a_terminal_that_fails_does_not_end_the_training(error):
    progress.say(Console(file=Broken(error), width=80), "a line")
    progress.say(Console(file=Broken(error), width=80), "走る \udcff")


def test_a_line_is_said_as_it_stands():
    out = io.StringIO()
    progress.say(Console(file=out, width=10), "a [red]long[/red] line, not broken")
    assert out.getvalue() == "a [red]long[/red] line, not broken\n"
