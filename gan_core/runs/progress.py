"""A progress bar for a terminal and a notebook; elsewhere nothing is shown."""

from __future__ import annotations

import contextlib
import time
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

SECONDS_BETWEEN_DISPLAYS = 0.5  # in a notebook, where each is a message to the browser
BAR_WIDTH = 30
# The exceptions that printing may raise; rich exits if nobody reads a pipe any more.
OUTPUT_ERRORS = (OSError, UnicodeError, SystemExit)


def say(console: Console, words: str) -> None:
    """Print one line unchanged: without markup, colours or line breaks.

    Failing output (a closed pipe, a name that the terminal cannot encode) never ends a training:
    characters that cannot be encoded are shown as escapes; output that cannot be written is
    dropped.

    Args:
        console: where to.
        words: the line.
    """
    line = words.encode(console.encoding, "backslashreplace").decode(console.encoding)
    with contextlib.suppress(*OUTPUT_ERRORS):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


class Bar:
    """The progress bar with rate and time left, and the last row below it.

    Drawn if the console is a terminal, and in a Jupyter notebook; otherwise nothing is shown.

    Args:
        console: where to draw.
        step: rounds already played.
        rounds: rounds in all.

    Example:
        >>> with Bar(Console(quiet=True), step=0, rounds=100) as bar:
        ...     bar.show({"step": 50, "d_loss": 1.38}, pace=1000.0)
    """

    def __init__(self, console: Console, step: int, rounds: int) -> None:
        self._display: _Terminal | _Notebook | None = None
        if console.is_terminal:
            self._display = _Terminal(console, step, rounds)
        elif console.is_jupyter and not console.quiet:
            self._display = _Notebook(step, rounds)

    def __enter__(self) -> Bar:
        if self._display is not None:
            with contextlib.suppress(*OUTPUT_ERRORS):
                self._display.start()
        return self

    def show(self, row: dict[str, Any], pace: float) -> None:
        """Show a row (`step` and values by name) and the pace in rounds a second."""
        if self._display is not None:
            with contextlib.suppress(*OUTPUT_ERRORS):
                self._display.show(row, pace)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._display is not None:
            with contextlib.suppress(*OUTPUT_ERRORS):
                self._display.stop()


class _Terminal:
    """rich's live display."""

    def __init__(self, console: Console, step: int, rounds: int) -> None:
        self.progress = Progress(
            TextColumn("round"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("time left"),
            TimeRemainingColumn(),
            console=console,
        )
        self.task = self.progress.add_task("", total=rounds, completed=step, rate="compiling")
        self.live = Live(self.progress, console=console)

    def start(self) -> None:
        self.live.start()

    def show(self, row: dict[str, Any], pace: float) -> None:
        self.progress.update(self.task, completed=row["step"], rate=_rate(pace))
        self.live.update(Group(self.progress, Text(_values(row), style="dim")))

    def stop(self) -> None:
        self.live.stop()


class _Notebook:
    """One output of the cell, replaced at each update; it needs no widgets."""

    def __init__(self, step: int, rounds: int) -> None:
        self.step = step
        self.rounds = rounds
        self.handle: Any = None
        self.last_text = ""
        self.shown_at = 0.0

    def start(self) -> None:
        from IPython.display import display

        self.last_text = self._text(self.step, "compiling", "")
        self.handle = display({"text/plain": self.last_text}, raw=True, display_id=True)

    def show(self, row: dict[str, Any], pace: float) -> None:
        self.last_text = self._text(row["step"], _rate(pace), _values(row))
        now = time.monotonic()
        if now - self.shown_at >= SECONDS_BETWEEN_DISPLAYS:
            self.shown_at = now
            self._update()

    def stop(self) -> None:
        self._update()

    def _update(self) -> None:
        if self.handle is not None:
            self.handle.update({"text/plain": self.last_text}, raw=True)

    def _text(self, step: int, rate: str, values: str) -> str:
        full = BAR_WIDTH * step // max(self.rounds, 1)
        bar = "█" * full + "░" * (BAR_WIDTH - full)
        return f"round {bar} {step:,}/{self.rounds:,}  {rate}\n{values}"


def _rate(pace: float) -> str:
    if pace >= 2:
        return f"{pace:,.0f} a second"
    return f"{1 / pace:.1f} s each"


def _values(row: dict[str, Any]) -> str:
    return "  ".join(f"{name} {value:.3g}" for name, value in row.items() if name != "step")
