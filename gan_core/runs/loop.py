"""The training loop: it plays rounds, shows progress, logs, saves, and can be stopped and resumed.

    rows = fit(trainer, sampler, 10_000, run=run, hooks=[every(1_000, show)])

The parts around the loop are in other files: `progress` (the bar), `interrupts` (Ctrl-C), `hooks`
(functions of the user), `run_folder` (the files on disk).
"""

from __future__ import annotations

import contextlib
import inspect
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from rich.console import Console

from gan_core import checks
from gan_core.data import HostBatches
from gan_core.devices import workers
from gan_core.runs import checkpoint
from gan_core.runs.hooks import Hook, Hooks, Row, at_end, at_start, every, on_error
from gan_core.runs.interrupts import Interrupted, Watch
from gan_core.runs.progress import Bar, say
from gan_core.runs.run_folder import RunFolder
from gan_core.trainer import GANTrainer

__all__ = ["Interrupted", "NotFiniteError", "at_end", "at_start", "every", "fit", "on_error"]

# A compiled call is kept this short, so that Ctrl-C is answered and the bar moves.
SECONDS_A_CALL = 0.5
SECONDS_BETWEEN_CHECKPOINTS = 600.0  # if no number of rounds is given
PLAINLY_FAILED = 1e6  # no training recovers from a loss of this size

PYTHONS_BATCHES = (
    "Batches that Python makes are given as HostBatches(start): start(index) returns an endless "
    "iterator that begins with batch number index, so that a resumed run finds its place."
)

Values = dict[str, np.ndarray]  # by name, one number a round [rounds]


class NotFiniteError(ArithmeticError):
    """A number is no longer finite. The message names it and its round, and says what to try."""


def fit(
    trainer: GANTrainer,
    sampler: Callable[..., Any] | HostBatches,
    rounds: int,
    *,
    run: RunFolder | None = None,
    log_every: int = 100,
    checkpoint_every: int | None = None,
    hooks: Sequence[Hook] = (),
    console: Console | None = None,
) -> dict[str, np.ndarray]:
    """Train until `rounds` rounds have been played in all.

    A row of the trainer's values is kept every `log_every` rounds, and for the last round. In
    each round the row is kept first, then the checkpoint is saved, then the hooks are called; so
    nothing is lost if a hook fails. If a run is killed before all hooks of its last checkpoint's
    round have returned, they are called when it is resumed (`gan_core.runs.hooks.every`).

    After Ctrl-C or SIGTERM fit finishes the present compiled call (at most half a second or one
    round), saves, and raises `Interrupted`, which holds the rows. A second Ctrl-C raises
    KeyboardInterrupt as soon as Python can, and saves nothing more.

    If several processes train together (`gan_core.devices.workers`), each calls fit with the same
    arguments. All start from the checkpoint, if there is one. Only the chief writes files and calls
    the hooks; the others need no run folder if the run is new.

    Args:
        trainer: the trainer that plays the rounds.
        sampler: a sampler (`gan_core.data`), or HostBatches.
        rounds: rounds in all, those of an earlier call or run included.
        run: a run folder. If it has a checkpoint, training resumes from there. Rows are written to
            its log.csv, checkpoints to its folder checkpoints. None: nothing is written.
        log_every: the number of rounds from one row to the next.
        checkpoint_every: the number of rounds from one checkpoint to the next. None: a checkpoint
            every ten minutes, so that a power cut loses at most that (with several processes: only
            at the end). A checkpoint is always saved at the end, when the training is stopped, and
            when a hook fails.
        hooks: a list of `at_start`, `every`, `at_end` and `on_error`.
        console: where the progress bar is drawn, if it is a terminal or a notebook; None is
            standard error.
    Returns:
        The rows of log.csv: `step` int64 and the trainer's values by name float32, each [rows].
    Raises:
        ValueError: if an argument is wrong, or the run folder belongs to another trainer.
        Interrupted: after Ctrl-C or SIGTERM.
        NotFiniteError: if a variable or a number of a row, other than a measure, is no longer
            finite; the checkpoints on disk are then from before that.
        WorkerLostError: if another process has ended or cannot be reached.

    Example:
        >>> fit(None, "faces", 10)
        Traceback (most recent call last):
        ValueError: fit: sampler must be a function of the batch's index, or HostBatches, got
        'faces'.
    """
    rounds = checks.integer("fit", "rounds", rounds, 0)
    log_every = checks.integer("fit", "log_every", log_every, 1)
    if checkpoint_every is not None:
        checkpoint_every = checks.integer("fit", "checkpoint_every", checkpoint_every, 1)
    _check_sampler(sampler)
    if run is not None and not isinstance(run, RunFolder):
        checks.fail("fit", "run", "a RunFolder or None", repr(run))
    to_call = Hooks(hooks)
    console = console or Console(stderr=True)

    with _alone(trainer, run):
        saved_at = _resume(trainer, run, rounds, log_every)
        step = int(trainer.step.numpy())
        workers.check_in_step("fit", trainer.strategy, step)
        how_to_resume = _how_to_resume(trainer, run)
        if not workers.is_chief(trainer.strategy):
            run = None
            to_call = Hooks([])
        log = _Log(trainer, run)
        saver = _Saver(trainer, run, checkpoint_every, saved_at, to_call)
        pacer = _Pacer(rounds, [log_every, *to_call.periods, *saver.periods])
        alarm = _Alarm(console)
        play = _player(trainer, sampler)
        with _telling_the_hooks(trainer, to_call):
            to_call.start(trainer)
            with Watch() as interrupt, Bar(console, step, rounds) as bar:
                _finish_the_hooks(trainer, run, to_call, step)
                while step < rounds and not interrupt.asked:
                    count = pacer.rounds_in_the_next_call(step)
                    with pacer, workers.noticing_the_lost(trainer.strategy, how_to_resume):
                        values = play(count)
                    _check_finite(values, step, trainer, run)
                    step += count
                    row = _last_row(values, step)
                    bar.show(row, pacer.rounds_a_second)
                    alarm.look_at(row)
                    log.show(row)
                    if step == rounds or step % log_every == 0:
                        log.keep_the_last_row()
                    if step == rounds or saver.is_due(step):
                        saver.save(step, row)
                    with saver.around_the_hooks(row, interrupt):
                        to_call.after_round(trainer, row)
                log.keep_the_last_row()
                saver.save(step)
            if interrupt.asked:
                words = f"Stopped after round {step:,} of {rounds:,}."
                raise Interrupted(
                    f"{words}{_what_is_saved(run)} {how_to_resume}",
                    log.rows(),
                    interrupt.exit_code,
                )
            to_call.end(trainer)
        return log.rows()


def _alone(trainer: GANTrainer, run: RunFolder | None) -> contextlib.AbstractContextManager[None]:
    """Lock the run folder, if this process writes to it."""
    if run is not None and workers.is_chief(trainer.strategy):
        return run.held()
    return contextlib.nullcontext()


def _resume(trainer: GANTrainer, run: RunFolder | None, rounds: int, log_every: int) -> int | None:
    """Restore a new trainer from its run folder; return the step of the last checkpoint."""
    if run is None:
        return None
    checkpoint.check(trainer.state())
    earlier = run.rows()
    names = ["step", *trainer.row_names]
    if earlier and list(earlier) != names:
        raise ValueError(
            f"fit: {run.log_file} has the columns {', '.join(earlier)}, and this trainer reports "
            f"{', '.join(names)}. Give fit the trainer of that run, or another folder."
        )
    is_chief = workers.is_chief(trainer.strategy)
    played = int(trainer.step.numpy())
    if played == 0:
        played = run.restore(trainer.state(), log_too=is_chief)
    elif run.latest() is None or run.step() != played:
        raise ValueError(
            f"fit: the trainer has played {played} rounds, but {run.path} stopped at "
            f"{run.step()}. Give fit a new trainer, which it then restores, or another folder."
        )
    if is_chief and played < rounds:
        run.drop_the_last_row_unless_due(log_every)
    return None if run.latest() is None else run.step()


def _finish_the_hooks(
    trainer: GANTrainer, run: RunFolder | None, to_call: Hooks, step: int
) -> None:
    """Call the hooks of the round that was saved last, if an earlier process did not finish them.

    What the folder notes of another round is of one that will be played again.
    """
    if run is None:
        return
    row = run.unfinished_hooks()
    if row is not None and row["step"] == step:
        to_call.after_round(trainer, row)
    run.end_hooks()


def _how_to_resume(trainer: GANTrainer, run: RunFolder | None) -> str:
    """The sentence that tells how to resume after a stop, or after another process is lost."""
    if run is not None:
        return f"To resume: {run.resume_command}"
    if workers.is_chief(trainer.strategy):
        return (
            "Nothing was saved: this run has no folder. In a notebook the trainer still holds its "
            "state: call fit again to continue."
        )
    return "What was saved is in the chief's run folder: resume it."


def _what_is_saved(run: RunFolder | None) -> str:
    return "" if run is None else f" All of it is saved in {run.path}."


def _check_sampler(sampler: Any) -> None:
    """Refuse what is no source of batches, and name the function that makes one of it."""
    if isinstance(sampler, HostBatches):
        return
    wanted = "a function of the batch's index, or HostBatches"
    if not callable(sampler):
        checks.fail("fit", "sampler", wanted, checks.show(sampler), _source_of(sampler))
    if inspect.isgeneratorfunction(sampler):
        name = getattr(sampler, "__name__", repr(sampler))  # a functools.partial has no name
        came = f"the generator function {name}"
        checks.fail("fit", "sampler", wanted, came, PYTHONS_BATCHES)
    checks.called_with("fit", "sampler", sampler, "(index)", ["index"], way_out=PYTHONS_BATCHES)


def _source_of(batches: Any) -> str:
    """A sentence that says what makes a sampler, or HostBatches, of these data."""
    if isinstance(batches, tf.data.Dataset):
        return "gan_core.data.from_dataset(dataset) makes HostBatches of a dataset."
    if isinstance(batches, np.ndarray) or tf.is_tensor(batches):
        return "gan_core.data.shuffled(array, batch_size) makes a sampler of an array."
    if isinstance(batches, Iterable) and not isinstance(batches, str | bytes | dict):
        return PYTHONS_BATCHES
    return ""


def _player(
    trainer: GANTrainer, sampler: Callable[..., Any] | HostBatches
) -> Callable[[int], Values]:
    """A function that plays `count` rounds and returns their values: name -> array [count]."""
    if not isinstance(sampler, HostBatches):
        return lambda count: trainer.rounds(sampler, count)
    batches = _begin(sampler, int(trainer.step.numpy()) * trainer.d_steps)

    def play(count: int) -> Values:
        rows = []
        for _ in range(count):
            reals = [next(batches, None) for _ in range(trainer.d_steps)]
            if reals[-1] is None:
                raise ValueError(
                    f"fit: the iterator of HostBatches ended after round {trainer.step.numpy()}. "
                    "Make it endless (a tf.data pipeline: with .repeat())."
                )
            rows.append(trainer.round(_one_round(reals, trainer.labels is not None)))
        values = {}
        for name in trainer.row_names:
            values[name] = np.array([row[name] for row in rows], np.float32)
        return values

    return play


def _begin(batches: HostBatches, index: int) -> Iterator[Any]:
    """The iterator that begins with batch number `index`."""
    started = batches.start(index)
    try:
        return iter(started)
    except TypeError:
        came = checks.show(started)
        checks.fail("fit", "what start of HostBatches gives", "an iterator of batches", came)


def _one_round(batches: list[Any], has_labels: bool) -> Any:
    """The batches of a round's D steps as one: with several, stacked along a new first axis."""
    if len(batches) == 1:
        return batches[0]
    pair = (tuple, list) if has_labels else tuple  # without labels a list is a batch of numbers
    if isinstance(batches[0], pair):
        return tuple(_stacked(parts) for parts in zip(*batches, strict=True))
    return _stacked(batches)


def _stacked(batches: Sequence[Any]) -> np.ndarray:
    shapes = sorted({tuple(np.shape(batch)) for batch in batches})
    if len(shapes) > 1:
        checks.fail(
            "fit",
            "the batches of HostBatches for the D steps of one round",
            "of one shape",
            " and ".join(map(checks.show_shape, shapes)),
            "Leave out the smaller batch at the end of an epoch (tf.data: drop_remainder=True).",
        )
    return np.stack(batches)


def _last_row(values: Values, step: int) -> Row:
    """The last round's row, of float32 numbers, so that log.csv shows only their digits."""
    return {"step": step, **{name: column[-1] for name, column in values.items()}}


def _check_finite(values: Values, step: int, trainer: GANTrainer, run: RunFolder | None) -> None:
    """Stop at the first round whose numbers, except the measures, are not all finite."""
    names = [name for name in values if name not in trainer.measures]
    table = np.stack([values[name] for name in names], axis=1)
    bad = np.argwhere(~np.isfinite(table))
    if len(bad):
        i, k = bad[0]
        name = names[k]
        raise _not_finite(step + int(i) + 1, f"{name} is {table[i, k]}", trainer, run)


def _not_finite(step: int, what: str, trainer: GANTrainer, run: RunFolder | None) -> NotFiniteError:
    words = (
        f"Training with the {trainer.loss.name} loss stopped at round {step}: {what}. The same "
        "rounds would give the same number again: train with smaller learning rates, an R1 "
        "penalty (gan_core.penalties.r1) or a bounded loss, and look for odd values in the data."
    )
    if run is not None and run.latest() is not None:
        words += f" The last good checkpoint is {run.latest()}: resume from it with other rates"
        best = run.checkpoints / "best.npz"
        words += f", or start again from {best}." if best.exists() else "."
    return NotFiniteError(words)


@contextlib.contextmanager
def _telling_the_hooks(trainer: GANTrainer, to_call: Hooks) -> Iterator[None]:
    """Call the hooks of `on_error` if an exception ends the training early."""
    try:
        yield
    except BaseException as error:
        to_call.error(trainer, error)
        raise


class _Pacer:
    """How many rounds to play in one compiled call: about half a second's, up to the next mark.

    A mark is a round after which a row, a checkpoint or a hook is due.
    """

    def __init__(self, rounds: int, periods: list[int]) -> None:
        self.rounds = rounds
        self.periods = periods
        self.rounds_a_second = 0.0  # so the first call, which compiles, is one round
        self.count = 0
        self.start = 0.0

    def rounds_in_the_next_call(self, step: int) -> int:
        marks = [step - step % period + period for period in self.periods]
        until_the_next_mark = min([self.rounds, *marks]) - step
        in_time = max(1, int(self.rounds_a_second * SECONDS_A_CALL))
        self.count = min(until_the_next_mark, in_time)
        return self.count

    def __enter__(self) -> None:
        self.start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        seconds = max(time.perf_counter() - self.start, 1e-9)
        self.rounds_a_second = self.count / seconds


class _Log:
    """The rows kept so far, in memory and in the run folder."""

    def __init__(self, trainer: GANTrainer, run: RunFolder | None) -> None:
        self.names = ["step", *trainer.row_names]
        self.run = run
        self.earlier = {} if run is None else run.rows()
        self.kept: list[Row] = []
        self.last: Row | None = None

    def show(self, row: Row) -> None:
        """Remember the last row; it is not kept yet."""
        self.last = row

    def keep_the_last_row(self) -> None:
        """Keep the last row, unless it is kept already."""
        if self.last is None:
            return
        row = self.last
        self.last = None
        self.kept.append(row)
        if self.run is not None:
            self.run.log(row)

    def rows(self) -> dict[str, np.ndarray]:
        return {name: self._column(name) for name in self.names}

    def _column(self, name: str) -> np.ndarray:
        dtype = np.int64 if name == "step" else np.float32
        new = [row[name] for row in self.kept]
        return np.array([*self.earlier.get(name, []), *new], dtype)


class _Saver:
    """Decides when a checkpoint is due, and saves it."""

    def __init__(
        self,
        trainer: GANTrainer,
        run: RunFolder | None,
        checkpoint_every: int | None,
        saved_at: int | None,
        hooks: Hooks,
    ) -> None:
        self.trainer = trainer
        self.run = run
        self.period = checkpoint_every
        self.saved_at = saved_at
        self.hooks = hooks
        self.hooks_begun = False
        self.time = time.monotonic()

    @property
    def periods(self) -> list[int]:
        return [] if self.period is None else [self.period]

    def is_due(self, step: int) -> bool:
        if self.period is not None:
            return step % self.period == 0
        if self.run is None or not workers.is_alone(self.trainer.strategy):
            return False  # processes do not share a clock, and must save at the same round
        return time.monotonic() - self.time >= SECONDS_BETWEEN_CHECKPOINTS

    def save(self, step: int, row: Row | None = None) -> None:
        """Check that every variable is finite, and save them if there is a run folder.

        A second call at the same step does nothing.

        Args:
            step: the number of rounds played.
            row: the round's row, if its hooks have not been called yet.
        """
        if self.saved_at == step:
            return
        state = self.trainer.state()
        for name, variable in state.items():
            if not np.all(np.isfinite(variable.numpy())):
                what = f"{name} holds a number that is not finite"
                raise _not_finite(step, what, self.trainer, self.run)
        if self.run is not None:
            if row is not None and self.hooks.are_due(step):
                self.run.begin_hooks(row)
                self.hooks_begun = True
            self.run.save(state, step)
        self.saved_at = step
        self.time = time.monotonic()

    @contextlib.contextmanager
    def around_the_hooks(self, row: Row, interrupt: Watch) -> Iterator[None]:
        """Save if a hook fails, and note it when all have returned.

        An error while saving is ignored, because the hook's error is the one to report.
        """
        try:
            yield
        except BaseException:
            if not interrupt.asked_twice:
                with contextlib.suppress(ValueError, ArithmeticError):
                    self.save(row["step"], row)
            raise
        if self.hooks_begun and self.run is not None:
            self.run.end_hooks()
            self.hooks_begun = False


class _Alarm:
    """Warns once if a training has clearly failed although its numbers are finite."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.has_warned = False

    def look_at(self, row: Row) -> None:
        if self.has_warned:
            return
        for name in ("d_loss", "g_loss"):
            value = row.get(name, 0.0)
            if abs(value) > PLAINLY_FAILED:
                self.has_warned = True
                say(
                    self.console,
                    f"warning: {name} is {value:.3g} at round {row['step']:,}: this training has "
                    "failed, and more rounds will not help. Stop it, and train with smaller "
                    "learning rates, an R1 penalty or a bounded loss.",
                )
                return
