"""A training run: round after round, seen, logged, saved and stoppable.

rows = fit(trainer, sampler, 10_000, run=run, hooks=[every(1_000, show)])
"""

import contextlib
import dataclasses
import os
import signal
import socket
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
from gan_core.devices import workers
from gan_core.runs.run_folder import RunFolder

SECONDS_A_CALL = (
    0.5  # a compiled call is kept this short, so that Ctrl-C is answered and the bar moves
)


class NotFiniteError(ArithmeticError):
    """Training met a number that is not finite: at which round, which, and what to try."""


@dataclasses.dataclass(frozen=True)
class every:
    """function(trainer, row) after every n-th round; row has `step`, an int, and the round's values as floats."""

    n: int
    function: Callable

    def __post_init__(self):
        checks.integer("every", "n", self.n, 1)
        if not callable(self.function):
            checks.fail("every", "function", "a function (trainer, row)", repr(self.function))


def fit(
    trainer,
    sampler,
    rounds: int,
    *,
    run: RunFolder | None = None,
    log_every: int = 100,
    checkpoint_every: int | None = None,
    hooks=(),
    console: Console | None = None,
) -> dict[str, np.ndarray]:
    """Play until `rounds` rounds have been played in all. -> the rows of log.csv: step, int64, and values, [rows] each.

    sampler: a sampler (`gan_core.data`), or HostBatches.
    run: a run folder; if it has a checkpoint, training goes on from there. A row goes to its
    log.csv every `log_every` rounds; a checkpoint is written every `checkpoint_every` rounds (None:
    at the end alone), on Ctrl-C and at the end.
    hooks: a list of `every(n, function)`; what they raise ends the training.
    console: where the progress bar is drawn, if it is a terminal.

    Ctrl-C ends the present compiled call (at most half a second or one round), saves, says how to go
    on and exits with code 130; a second one stops at once. Raises NotFiniteError when a loss or a
    parameter is no longer finite; the checkpoints on disk are then the good ones from before.

    Where several processes play together (`gan_core.devices.workers`) each calls fit, with the same arguments.
    All start from the checkpoint, if there is one; the chief alone writes and calls the hooks; the others
    may go without a run folder if the run is new. WorkerLostError when another one is gone.
    """
    rounds = checks.integer("fit", "rounds", rounds, 0)
    marks = [checks.integer("fit", "log_every", log_every, 1), *_hook_periods(hooks)]
    if checkpoint_every is not None:
        marks.append(checks.integer("fit", "checkpoint_every", checkpoint_every, 1))
    if not callable(sampler) and not isinstance(sampler, HostBatches):
        checks.fail(
            "fit", "sampler", "a function of the batch's index, or HostBatches", repr(sampler)
        )
    console = console or Console(stderr=True)
    names = ["step", *trainer.row_names]
    with _alone(trainer, run):
        earlier, saved_at = _go_on(trainer, run, names)
        way_on = (
            f"To go on: {run.resume_command}"
            if run is not None
            else "Nothing was saved: this run has no folder."
            if workers.is_chief(trainer.strategy)
            else "What was saved is in the chief's run folder: resume it."
        )
        if not workers.is_chief(trainer.strategy):
            run, hooks = None, ()
        step, pace, rows = int(trainer.step.numpy()), 0.0, []
        workers.check_in_step("fit", trainer.strategy, step)
        play = _player(trainer, sampler)
        with _CtrlC(console) as ctrl_c, _Bar(console, step, rounds) as bar:
            while step < rounds and not ctrl_c.pressed:
                next_mark = min([rounds] + [step - step % n + n for n in marks])
                count = min(next_mark - step, max(1, int(pace * SECONDS_A_CALL)))
                start = time.perf_counter()
                with workers.noticing_the_lost(trainer.strategy, way_on):
                    values = play(count)
                pace = count / max(time.perf_counter() - start, 1e-9)
                _check_rows(values, step, trainer, run)
                step += count
                row = {"step": step, **{name: v[-1] for name, v in values.items()}}
                bar.show(row, pace)
                if step % log_every == 0:
                    rows.append(row)
                    if run is not None:
                        run.log(row)
                for hook in hooks:
                    if step % hook.n == 0:
                        hook.function(
                            trainer,
                            {**{name: float(value) for name, value in row.items()}, "step": step},
                        )
                if checkpoint_every is not None and step % checkpoint_every == 0:
                    _save(trainer, run, step)
                    saved_at = step
            if saved_at != step:
                _save(trainer, run, step)
        if ctrl_c.pressed:
            console.print(
                f"Stopped after round {step:,} of {rounds:,}. {way_on}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
            raise SystemExit(130)
        return {
            name: np.array(
                [*earlier.get(name, []), *(row[name] for row in rows)],
                np.int64 if name == "step" else np.float32,
            )
            for name in names
        }


def _hook_periods(hooks):
    if not isinstance(hooks, list | tuple) or not all(isinstance(hook, every) for hook in hooks):
        checks.fail("fit", "hooks", "a list of every(n, function)", repr(hooks))
    return [hook.n for hook in hooks]


def _alone(trainer, run):
    """No other process writes the folder meanwhile; the other workers of this one write nothing."""
    if isinstance(run, RunFolder) and workers.is_chief(trainer.strategy):
        return run.held()
    return contextlib.nullcontext()


def _go_on(trainer, run, names):
    """Bring a new trainer to where its run folder stopped. -> the log's rows, the step of the last checkpoint."""
    if run is None:
        return {}, None
    if not isinstance(run, RunFolder):
        checks.fail("fit", "run", "a RunFolder or None", repr(run))
    earlier = run.rows()
    if earlier and list(earlier) != names:
        raise ValueError(
            f"fit: {run.log_file} has the columns {', '.join(earlier)}, and this trainer reports "
            f"{', '.join(names)}. Give fit the trainer of that run, or another folder."
        )
    played = int(trainer.step.numpy())
    if played == 0:
        run.restore(trainer.state(), log_too=workers.is_chief(trainer.strategy))
    elif run.latest() is None or run.step() != played:
        raise ValueError(
            f"fit: the trainer has played {played} rounds, but {run.path} stopped at {run.step()}. "
            "Give fit a new trainer, which it brings there, or another folder."
        )
    return run.rows(), None if run.latest() is None else run.step()


def _player(trainer, sampler):
    """count -> the values of the next `count` rounds, each name an array [count]."""
    if not isinstance(sampler, HostBatches):
        return lambda count: trainer.rounds(sampler, count)
    batches = iter(sampler.start(int(trainer.step.numpy()) * trainer.d_steps))

    def play(count):
        rows = []
        for _ in range(count):
            reals = [next(batches, None) for _ in range(trainer.d_steps)]
            if reals[-1] is None:
                raise ValueError(
                    f"fit: the iterator of HostBatches ended after round {trainer.step.numpy()}. "
                    "Make it go on for ever (a tf.data pipeline: with .repeat())."
                )
            rows.append(trainer.round(reals[0] if trainer.d_steps == 1 else np.stack(reals)))
        return {
            name: np.array([row[name] for row in rows], np.float32) for name in trainer.row_names
        }

    return play


def _check_rows(values, step, trainer, run):
    """Stop at the first round whose numbers are not all finite."""
    table = np.stack(list(values.values()), axis=1)
    for i, k in np.argwhere(~np.isfinite(table))[:1]:
        raise NotFiniteError(
            _not_finite(step + i + 1, f"{list(values)[k]} is {table[i, k]}", trainer, run)
        )


def _save(trainer, run, step):
    """Look at every variable; write them if the run has a folder."""
    state = trainer.state()
    for name, variable in state.items():
        if not np.all(np.isfinite(variable.numpy())):
            raise NotFiniteError(
                _not_finite(step, f"{name} holds a number that is not finite", trainer, run)
            )
    if run is not None:
        run.save(state, step)


def _not_finite(step, what, trainer, run):
    last = None if run is None else run.latest()
    kept = "" if last is None else f" The last good checkpoint is {last}."
    return (
        f"Training with the {trainer.loss.name} loss stopped at round {step}: {what}. Try smaller learning rates, "
        f"an R1 penalty (gan_core.penalties.r1) or a bounded loss, and look for odd values in the data.{kept}"
    )


class _CtrlC:
    """While open, a first Ctrl-C is only remembered; a second one ends the process at once.

    Python calls a handler between two of its own instructions, so never while a compiled call is
    running. But it sends a byte to a socket of our choice right away: a thread waits for the second.
    """

    def __init__(self, console):
        self.console, self.pressed = console, False

    def __enter__(self):
        self._mine = (
            threading.current_thread() is threading.main_thread()
        )  # others may set no handler
        if self._mine:
            self._ours, self._systems = socket.socketpair()
            self._systems.setblocking(False)
            self._handler_before = signal.signal(signal.SIGINT, self._press)
            self._socket_before = signal.set_wakeup_fd(self._systems.fileno())
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def _press(self, *_):
        self.pressed = True

    def _watch(self):
        times = 0
        with self._ours:
            while numbers := self._ours.recv(64):  # empty once the other end is closed
                times += numbers.count(signal.SIGINT)
                if times > 1:
                    self.console.show_cursor()
                    os._exit(130)

    def __exit__(self, *_):
        if self._mine:
            signal.set_wakeup_fd(self._socket_before)
            signal.signal(signal.SIGINT, self._handler_before)
            self._systems.close()


class _Bar:
    """The progress bar with rate and time left, the last row below it; nothing at all away from a terminal."""

    def __init__(self, console, step, rounds):
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
