"""A training run: round after round, seen, logged, saved and stoppable.

    rows = fit(trainer, sampler, 10_000, run=run, hooks=[every(1_000, show)])
"""

import dataclasses
import signal
import threading
import time
from collections.abc import Callable

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from gan_core import checks
from gan_core.data import HostBatches
from gan_core.run_folder import RunFolder

SECONDS_A_CALL = 0.5  # a compiled call is kept this short, so that Ctrl-C is answered and the bar moves


class NotFiniteError(ArithmeticError):
    """Training met a number that is not finite: at which round, which, and what to try."""


@dataclasses.dataclass(frozen=True)
class every:
    """function(trainer, row) after every n-th round; row has `step` and the round's values as floats."""

    n: int
    function: Callable

    def __post_init__(self):
        checks.integer("every", "n", self.n, 1)


def fit(trainer, sampler, rounds: int, *, run: RunFolder | None = None, log_every: int = 100,
        checkpoint_every: int | None = None, hooks=(), console: Console | None = None) -> dict[str, np.ndarray]:
    """Play until `rounds` rounds have been played in all. -> the logged rows: step and values, [rows] each.

    sampler: a sampler (`gan_core.data`), or HostBatches.
    run: a run folder; if it has a checkpoint, training goes on from there. A row goes to its
    log.csv every `log_every` rounds; a checkpoint is written every `checkpoint_every` rounds (None:
    at the end alone), on Ctrl-C and at the end.
    hooks: `every(n, function)`.  console: where the progress bar is drawn, if it is a terminal.

    Ctrl-C ends the present compiled call (at most half a second or one round), saves, says how to go
    on and exits with code 130; a second one stops at once. Raises NotFiniteError when a loss or a
    parameter is no longer finite; the checkpoints on disk are then the good ones from before.
    """
    rounds = checks.integer("fit", "rounds", rounds, 0)
    marks = [checks.integer("fit", "log_every", log_every, 1)] + [hook.n for hook in hooks]
    if checkpoint_every is not None:
        marks.append(checks.integer("fit", "checkpoint_every", checkpoint_every, 1))
    console = console or Console(stderr=True)
    _go_on(trainer, run)
    step, saved_at, pace = int(trainer.step), None, 0.0
    play, rows = _player(trainer, sampler), []
    with _CtrlC() as ctrl_c, _Bar(console, step, rounds) as bar:
        while step < rounds and not ctrl_c.pressed:
            next_mark = min([rounds] + [step - step % n + n for n in marks])
            count = min(next_mark - step, max(1, int(pace * SECONDS_A_CALL)))
            start = time.perf_counter()
            values = play(count)
            pace = count / (time.perf_counter() - start)
            _check_rows(values, step, run)
            step += count
            row = {"step": step, **{name: v[-1] for name, v in values.items()}}
            bar.show(row, pace)
            if step % log_every == 0:
                rows.append(row)
                if run is not None:
                    run.log(row)
            for hook in hooks:
                if step % hook.n == 0:
                    hook.function(trainer, {name: float(value) for name, value in row.items()})
            if checkpoint_every is not None and step % checkpoint_every == 0:
                _save(trainer, run, step)
                saved_at = step
        if saved_at != step:
            _save(trainer, run, step)
    if ctrl_c.pressed:
        way_on = "Nothing was saved: this run has no folder." if run is None else f"To go on: {run.resume_command}"
        console.print(f"Stopped after round {step:,} of {rounds:,}. {way_on}", markup=False, highlight=False)
        raise SystemExit(130)
    return {name: np.array([row[name] for row in rows]) for name in ["step", *trainer.row_names]}


def _go_on(trainer, run):
    """Bring a new trainer to where its run folder stopped."""
    if run is None:
        return
    if int(trainer.step) == 0:
        run.restore(trainer.state())
    elif run.latest() is None or run.step() != int(trainer.step):
        raise ValueError(f"fit: the trainer has played {int(trainer.step)} rounds, but {run.path} stopped at "
                         f"{run.step()}. Give fit a new trainer, which it brings there, or another folder.")


def _player(trainer, sampler):
    """count -> the values of the next `count` rounds, each name an array [count]."""
    if not isinstance(sampler, HostBatches):
        return lambda count: trainer.rounds(sampler, count)
    batches = sampler.start(int(trainer.step) * trainer.d_steps)

    def play(count):
        rows = []
        for _ in range(count):
            reals = [next(batches, None) for _ in range(trainer.d_steps)]
            if reals[-1] is None:
                raise ValueError(f"fit: HostBatches ended at round {int(trainer.step)}; its iterator must go on.")
            rows.append(trainer.round(reals[0] if trainer.d_steps == 1 else np.stack(reals)))
        return {name: np.array([row[name] for row in rows], np.float32) for name in trainer.row_names}

    return play


def _check_rows(values, step, run):
    """Stop at the first round whose numbers are not all finite."""
    for i in range(len(next(iter(values.values())))):
        for name, v in values.items():
            if not np.isfinite(v[i]):
                raise NotFiniteError(_not_finite(step + i + 1, f"{name} is {v[i]}", run))


def _save(trainer, run, step):
    """Look at every variable; write them if the run has a folder."""
    state = trainer.state()
    for name, variable in state.items():
        if not np.all(np.isfinite(variable.numpy())):
            raise NotFiniteError(_not_finite(step, f"{name} holds a number that is not finite", run))
    if run is not None:
        run.save(state, step)


def _not_finite(step, what, run):
    last = None if run is None else run.latest()
    kept = "" if last is None else f" The last good checkpoint is {last}."
    return (f"Training stopped at round {step}: {what}. Try smaller learning rates, an R1 penalty "
            f"(gan_core.penalties.r1) or a bounded loss, and look for odd values in the data.{kept}")


class _CtrlC:
    """While open, a first Ctrl-C is only remembered; a second one ends the process as usual."""

    pressed = False

    def __enter__(self):
        self._mine = threading.current_thread() is threading.main_thread()  # others may set no handler
        if self._mine:
            self._before = signal.signal(signal.SIGINT, self._press)
        return self

    def _press(self, *_):
        self.pressed = True
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    def __exit__(self, *_):
        if self._mine:
            signal.signal(signal.SIGINT, self._before)


class _Bar:
    """The progress bar with rate and time left, the last row below it; nothing at all away from a terminal."""

    def __init__(self, console, step, rounds):
        self.progress = Progress(
            TextColumn("round"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"),
            TextColumn("time left"), TimeRemainingColumn(), console=console)
        self.task = self.progress.add_task("", total=rounds, completed=step, rate="compiling")
        self.live = Live(self.progress, console=console) if console.is_terminal else None

    def __enter__(self):
        if self.live is not None:
            self.live.start()
        return self

    def show(self, row, pace):
        if self.live is not None:
            rate = f"{pace:,.0f} a second" if pace >= 2 else f"{1 / pace:.1f} s each"
            self.progress.update(self.task, completed=row["step"], rate=rate)
            text = "  ".join(f"{name} {value:.3g}" for name, value in row.items() if name != "step")
            self.live.update(Group(self.progress, Text(text, style="dim")))

    def __exit__(self, *_):
        if self.live is not None:
            self.live.stop()
