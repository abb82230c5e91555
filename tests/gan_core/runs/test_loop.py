"""fit: the same training however it is cut up, watched or fed; what it writes and returns;
what it refuses.
"""

import dataclasses
import functools
import os
import resource
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf
import tiny

from gan_core import data
from gan_core.augment import chain, instance_noise
from gan_core.data import HostBatches
from gan_core.losses import GANLoss
from gan_core.penalties import Lazy, r1
from gan_core.runs import checkpoint, loop
from gan_core.runs.loop import every, fit
from gan_core.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow

ARRAY = np.arange(44, dtype=np.float32).reshape(22, 2)[:, :1] / 10.0
SHUFFLED = data.shuffled(ARRAY, 4, seed=3)


@pytest.fixture(scope="module")
def fresh():
    return tiny.Fresh(tiny.make_trainer())


@pytest.fixture(scope="module")
def fresh_xla():
    return tiny.Fresh(tiny.make_trainer("xla"))


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run", {}, resume_command="python -m my --resume")


def contents(folder):  # the lock apart
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("[!.]*"))
        if p.is_file()
    }


def bits(rows):
    return {name: column.tobytes() for name, column in rows.items()}


# ---------------------------------------------------------------- the same training


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_law_24_how_rounds_are_grouped_does_not_change_the_state(request, mode, monkeypatch):
    fresh = request.getfixturevalue("fresh" if mode == "graph" else "fresh_xla")
    states = []
    rows = []
    groupings = [
        ({"log_every": 30}, 1e9),
        ({"log_every": 1}, 1e9),
        ({"log_every": 7}, 1e9),
        ({"log_every": 30}, 0.0),
        ({"log_every": 30, "checkpoint_every": 4, "hooks": [every(3, lambda *_: None)]}, 1e9),
    ]
    for options, seconds_a_call in groupings:
        monkeypatch.setattr(loop, "SECONDS_A_CALL", seconds_a_call)
        trainer = fresh()
        rows.append(fit(trainer, tiny.SAMPLER, 30, **options))
        states.append(tiny.values(trainer))
    assert all(state == states[0] for state in states)
    assert states[0] != tiny.values(fresh())
    every_row = rows[1]
    for other in rows:
        at = other["step"] - 1
        assert bits(other) == {name: column[at].tobytes() for name, column in every_row.items()}


GAMMA = 2.0
EVERY = 4


@functools.cache
def lazily_penalised(mode):
    """A function that makes such a trainer new."""
    return tiny.Fresh(tiny.make_trainer(mode, penalty=r1(GAMMA, every=EVERY)))


def penalty_of_round(number):
    """gamma / 2 mean D'(x)^2 in this round, by NumPy.

    D(x) = sum_j v_j s(u_j x + a_j) + b has the slope sum_j v_j s'(u_j x + a_j) u_j, where s' is 1
    above 0 and 0.2 below it.
    """
    trainer = lazily_penalised("graph")()
    fit(trainer, tiny.SAMPLER, number - 1)
    first, _, second = trainer.discriminator.layers
    u = first.kernel.numpy().astype(np.float64)
    v = second.kernel.numpy().astype(np.float64)
    hidden = tiny.SAMPLER(tf.constant(number - 1, tf.int64)).numpy() @ u + first.bias.numpy()
    slopes = (np.where(hidden > 0.0, 1.0, 0.2) * u) @ v
    return GAMMA / 2 * np.mean(slopes**2)


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_a_row_shows_a_lazy_penalty_as_it_was_last_computed(mode):
    """In rounds 1, 5, 9, ...: the rows of rounds 10 and 20 show those of rounds 9 and 17."""
    rows = fit(lazily_penalised(mode)(), tiny.SAMPLER, 20, log_every=10)
    np.testing.assert_allclose(rows["penalty"], [penalty_of_round(9), penalty_of_round(17)], 1e-4)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_lazy_penalty_is_shown_bit_for_bit_after_a_run_was_resumed(tmp_path, mode):
    """Round 11 is the first of the resumed run, and its penalty is that of round 9."""
    logs = []
    for parts in ([14], [10, 14]):
        run = RunFolder.create(tmp_path / str(len(parts)), {})
        for rounds in parts:
            lazily_penalised(mode)().rounds(tiny.SAMPLER, 1)  # a penalty that must not be kept
            rows = fit(lazily_penalised(mode)(), tiny.SAMPLER, rounds, run=run, log_every=1)
        logs.append(run.log_file.read_bytes())
    assert logs[0] == logs[1]
    changes = np.flatnonzero(np.diff(rows["penalty"])) + 2
    assert changes.tolist() == [5, 9, 13]


class Running(tf.Module):
    """A running mean, which moves whenever it is called."""

    def __init__(self):
        super().__init__()
        self.mean = tf.Variable(0.0, trainable=False)

    def move(self, x):
        self.mean.assign(0.9 * self.mean + 0.1 * tf.stop_gradient(tf.reduce_mean(x)))
        return self.mean


class FarFromItsMean(Running):
    """As a penalty on path lengths is (Karras et al. 2020)."""

    def __call__(self, critic, real, fake, *, seed, step):
        size = tf.reduce_mean(tf.square(critic(fake)))
        return tf.square(size - self.move(size))


class Centred(Running):
    """An augmentation."""

    def __call__(self, x, seed, step):
        return x - 0.1 * self.move(x)


class Smoothed(Running):
    """A measure."""

    def __call__(self, real, fake, real_logits, fake_logits):
        return self.move(real_logits)


class Anchored(Running):
    """A loss."""

    def __call__(self, real, fake):
        return tf.reduce_mean(tf.square(real - self.move(fake))) + tf.reduce_mean(fake)


def test_what_a_part_of_a_chain_remembers_is_resumed(tmp_path):
    def remembering():
        return tiny.make_trainer("eager", augment=chain(instance_noise(0.1), Centred()))

    straight = fit(remembering(), tiny.SAMPLER, 4, log_every=2)
    run = RunFolder.create(tmp_path / "run", {})
    for rounds in (2, 4):
        resumed = fit(remembering(), tiny.SAMPLER, rounds, run=run, log_every=2)
    assert bits(resumed) == bits(straight)


@pytest.mark.parametrize("mode", ["eager", "graph"])
def test_functions_that_remember_are_resumed_where_they_were(tmp_path, mode):
    def remembering():
        return tiny.make_trainer(
            mode,
            average=None,
            loss=GANLoss("anchored", Anchored(), lambda real, fake: -tf.reduce_mean(fake)),
            penalty=[r1(1.0), Lazy(FarFromItsMean(), every=3)],
            g_penalty=FarFromItsMean(),
            augment=Centred(),
            measures={"smoothed": Smoothed()},
        )

    straight = fit(remembering(), tiny.SAMPLER, 8, log_every=4)
    run = RunFolder.create(tmp_path / "run", {})
    for rounds in (4, 8):
        resumed = fit(remembering(), tiny.SAMPLER, rounds, run=run, log_every=4)
    assert bits(resumed) == bits(straight)
    names = remembering().state().keys()
    assert {
        "loss/discriminator/mean",
        "penalties/1/mean",
        "g_penalties/0/mean",
        "augment/mean",
        "measures/smoothed/mean",
    } <= names


def test_calls_are_as_long_as_the_marks_and_the_clock_allow(fresh, monkeypatch):
    trainer = fresh()
    counts = []
    trainer.rounds(tiny.SAMPLER, 1)  # compiled
    fresh()
    rounds = trainer.rounds
    monkeypatch.setattr(
        trainer, "rounds", lambda sampler, n: counts.append(n) or rounds(sampler, n)
    )
    monkeypatch.setattr(loop, "SECONDS_A_CALL", 1e9)
    fit(trainer, tiny.SAMPLER, 25, log_every=10, hooks=[every(4, lambda *_: None)])
    assert counts == [1, 3, 4, 2, 2, 4, 4, 4, 1]  # the first alone: it compiles


def test_host_batches_give_what_the_sampler_gives(fresh):
    rows = []
    for source in (SHUFFLED, HostBatches(lambda index: (SHUFFLED(i) for i in range(index, 10**9)))):
        trainer = fresh()
        rows.append((bits(fit(trainer, source, 12, log_every=5)), tiny.values(trainer)))
    assert rows[0] == rows[1]


def test_host_batches_with_two_d_steps_resume_where_they_were(tmp_path):
    """A run asks for the batches from number step d_steps on, and takes d_steps of them a round."""
    asked = []
    fresh = tiny.Fresh(tiny.make_trainer(d_steps=2, average=None))

    def start(index):
        asked.append(index)
        return [SHUFFLED(i) for i in range(index, index + 16)]

    endings = []
    for parts in ([6], [2, 6]):
        run = RunFolder.create(tmp_path / str(len(parts)), {})
        for rounds in parts:
            trainer = fresh()
            fit(trainer, HostBatches(start), rounds, run=run, log_every=1)
        endings.append((tiny.values(trainer), run.log_file.read_bytes()))
    trainer = fresh()
    fit(trainer, SHUFFLED, 6)
    assert asked == [0, 0, 4]
    assert endings[0] == endings[1]
    assert endings[0][0] == tiny.values(trainer)


@pytest.mark.parametrize("d_steps", [1, 2])
def test_host_batches_that_end_are_told(fresh, d_steps):
    trainer = fresh() if d_steps == 1 else tiny.make_trainer(mode="eager", d_steps=2, average=None)
    source = HostBatches(lambda index: [SHUFFLED(i) for i in range(index, 5)])
    with pytest.raises(
        ValueError,
        match=rf"fit: the iterator of HostBatches ended after round {5 // d_steps}\. Make",
    ):
        fit(trainer, source, 8)
    assert int(trainer.step) == 5 // d_steps


# ---------------------------------------------------------------- rows, log and hooks


def test_hooks_are_called_after_their_rounds_with_numbers_and_rows_are_returned(fresh):
    calls = []
    trainer = fresh()
    note = lambda name: lambda t, row: calls.append((name, t is trainer and int(t.step), row))  # noqa: E731
    rows = fit(
        trainer,
        tiny.SAMPLER,
        12,
        log_every=4,
        hooks=[every(6, note("a")), every(4, note("b")), every(13, note("never"))],
    )
    assert [(name, step) for name, step, _ in calls] == [
        ("b", 4),
        ("a", 6),
        ("b", 8),
        ("a", 12),
        ("b", 12),
    ]
    for _, step, row in calls:
        assert list(row) == ["step", *trainer.row_names]
        assert row["step"] == step
        assert {type(value) for value in row.values()} == {int, float}
    assert list(rows) == ["step", *trainer.row_names]
    assert rows["step"].dtype == np.int64
    assert rows["step"].tolist() == [4, 8, 12]
    assert all(
        rows[name].dtype == np.float32 and rows[name].shape == (3,) for name in trainer.row_names
    )
    assert rows["d_loss"].tolist() == [row["d_loss"] for name, _, row in calls if name == "b"]


def test_rounds_are_counted_in_all_and_none_left_means_none_played(fresh, run):
    trainer = fresh()
    rows = [fit(trainer, tiny.SAMPLER, rounds, run=run, log_every=2) for rounds in (0, 4, 4, 3, 6)]
    assert int(trainer.step) == 6
    assert [row["step"].tolist() for row in rows] == [[], [2, 4], [2, 4], [2, 4], [2, 4, 6]]
    assert {name: column.dtype for name, column in rows[0].items()} == {
        name: column.dtype for name, column in rows[4].items()
    }
    assert bits(rows[4]) == bits(run.rows())
    assert [p.name for p in sorted(run.checkpoints.iterdir())] == [
        f"step_0000000{i}.npz" for i in (0, 4, 6)
    ]


def test_a_finished_run_is_not_written_again(fresh, run, monkeypatch):
    rows = fit(fresh(), tiny.SAMPLER, 4, run=run, log_every=2)
    monkeypatch.setattr(os, "replace", lambda *_: pytest.fail("written"))
    trainer = fresh()
    assert bits(fit(trainer, tiny.SAMPLER, 4, run=run, log_every=2)) == bits(rows)
    assert int(trainer.step) == 4


def test_another_process_reads_every_row_at_once(fresh, run):
    seen = []

    def look(*_):
        seen.append(
            subprocess.run(
                ["cat", str(run.log_file)], capture_output=True, text=True, check=True
            ).stdout
        )

    fit(fresh(), tiny.SAMPLER, 6, run=run, log_every=2, hooks=[every(2, look)])
    assert [text.count("\n") for text in seen] == [2, 3, 4]
    assert all(text.endswith("\n") for text in seen)
    assert seen[-1] == run.log_file.read_text()


def test_what_a_hook_raises_ends_the_training_after_a_checkpoint(fresh, run):
    class Mine(Exception):
        pass

    def hook(_, row):
        if row["step"] == 6:
            raise Mine

    trainer = fresh()
    with pytest.raises(Mine):
        fit(
            trainer,
            tiny.SAMPLER,
            10,
            run=run,
            log_every=2,
            checkpoint_every=4,
            hooks=[every(3, hook)],
        )
    assert int(trainer.step) == run.step() == 6  # what was played before the hook is not lost
    assert run.rows()["step"].tolist() == [2, 4, 6]
    fit(fresh(), tiny.SAMPLER, 10, run=run, log_every=2)
    assert run.rows()["step"].tolist() == [2, 4, 6, 8, 10]


# ---------------------------------------------------------------- runs that do not fit


def test_a_trainer_that_is_not_where_the_folder_is(fresh, run):
    trainer = fresh()
    fit(trainer, tiny.SAMPLER, 2)
    with pytest.raises(
        ValueError, match=r"fit: the trainer has played 2 rounds, but .*run stopped at 0\. Give fit"
    ):
        fit(trainer, tiny.SAMPLER, 4, run=run)
    assert contents(run.path).keys() == {"config.json"}
    assert int(trainer.step) == 2


def test_another_models_folder_changes_nothing(fresh, run):
    fit(fresh(), tiny.SAMPLER, 4, run=run, log_every=2)
    wider = tiny.make_trainer(hidden=5)
    before = tiny.values(wider)
    on_disk = contents(run.path)
    with pytest.raises(checkpoint.CheckpointError) as error:
        fit(wider, tiny.SAMPLER, 8, run=run, log_every=2)
    words = "average/model/layers/0/bias is [3] float32 in the file and [5] float32 in this model"
    assert words in str(error.value)
    assert "nothing was changed" in str(error.value)
    assert tiny.values(wider) == before
    assert contents(run.path) == on_disk


def test_a_variable_that_no_checkpoint_can_hold_is_refused_before_the_first_round(run):
    """Told at the first checkpoint, it would cost all rounds before."""
    trainer = tiny.make_trainer(average=None)
    trainer.discriminator.counter = tf.Variable(0.0, trainable=False, dtype=tf.bfloat16)
    with pytest.raises(ValueError, match=r"^checkpoint: discriminator/counter must be .*bfloat16"):
        fit(trainer, tiny.SAMPLER, 4, run=run)
    assert int(trainer.step) == 0


def test_a_log_of_other_columns_is_not_continued(fresh, run):
    fit(fresh(), tiny.SAMPLER, 4, run=run, log_every=2)
    before = contents(run.path)
    other = tiny.make_trainer(penalty=r1(1.0))
    with pytest.raises(
        ValueError, match=r"fit: .*log\.csv has the columns step, .* reports .*penalty\. Give fit"
    ):
        fit(other, tiny.SAMPLER, 8, run=run, log_every=2)
    assert contents(run.path) == before


def test_a_folder_that_is_gone_at_the_start_or_goes_meanwhile(fresh, run):
    with pytest.raises(
        checkpoint.CheckpointError, match=r"Its folder is gone.* Then resume: python -m my --resume"
    ):
        fit(
            fresh(),
            tiny.SAMPLER,
            8,
            run=run,
            log_every=2,
            hooks=[every(3, lambda *_: shutil.rmtree(run.path))],
        )
    with pytest.raises(ValueError, match=r"RunFolder\.restore: .*run is gone"):
        fit(fresh(), tiny.SAMPLER, 8, run=run)


def log_on_a_full_disk(run):
    """Every write there is refused by the kernel."""
    run.log_file.rename(run.path / "kept")
    run.log_file.symlink_to("/dev/full")
    return lambda: (run.path / "kept").replace(run.log_file)


def no_room_for_a_checkpoint(run):
    """No file may grow beyond 1,000 bytes: a row of the log still fits."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize(
    ("fill_up", "words"),
    [
        (log_on_a_full_disk, r"log\.csv cannot be written: No space left on device"),
        (no_room_for_a_checkpoint, r"step_00000008\.npz cannot be written: File too large"),
    ],
)
def test_a_disk_that_fills_up_says_how_to_go_on_and_so_it_does(fresh, run, fill_up, words):
    make_room = []

    def hook(*_):
        if not make_room:
            make_room.append(fill_up(run))

    try:
        with pytest.raises(
            checkpoint.CheckpointError,
            match=rf"{words}\. Make room on that disk\. What was there "
            r"before is untouched\. Then resume: python -m my --res",
        ):
            fit(
                fresh(),
                tiny.SAMPLER,
                8,
                run=run,
                log_every=2,
                checkpoint_every=4,
                hooks=[every(5, hook)],
            )
    finally:
        make_room[0]()
    assert contents(run.path).keys() == {"config.json", "log.csv", "checkpoints/step_00000004.npz"}
    trainer = fresh()
    fit(trainer, tiny.SAMPLER, 8, run=run, log_every=2)
    resumed = tiny.values(trainer)
    assert run.rows()["step"].tolist() == [2, 4, 6, 8]
    straight = fresh()
    fit(straight, tiny.SAMPLER, 8)
    assert tiny.values(straight) == resumed


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rounds": -1}, "fit: rounds must be a whole number of at least 0, got -1"),
        ({"rounds": 1e3}, r"fit: rounds must be a whole number of at least 0, got 1000\.0"),
        ({"log_every": 0}, "fit: log_every must be a whole number of at least 1, got 0"),
        (
            {"checkpoint_every": 2.5},
            r"fit: checkpoint_every must be a whole number of at least 1, got 2\.5",
        ),
        (
            {"hooks": [print]},
            r"fit: hooks must be a list of every\(n, function\), at_start.*got \[<built-in function print>\]",
        ),
        (
            {"hooks": every(3, print)},
            r"fit: hooks must be a list of every\(n, function\), at_start.*got every\(n=3",
        ),
        (
            {"sampler": ARRAY},
            r"fit: sampler must be a function of the batch's index, or HostBatches, got an ndarray",
        ),
        ({"run": "runs/a"}, "fit: run must be a RunFolder or None, got 'runs/a'"),
        (
            {"sampler": lambda index: tf.zeros([4, 3])},
            r"what sampler gives must be \[batch, 1\], got \[4, 3\]",
        ),
    ],
)
def test_bad_arguments_are_told_before_anything_is_written(fresh, run, wrong, words):
    arguments = {"sampler": tiny.SAMPLER, "rounds": 4, "run": run, "log_every": 1, **wrong}
    trainer = fresh()
    before = tiny.values(trainer)
    with pytest.raises(ValueError, match=words):
        fit(trainer, **arguments)
    assert contents(run.path).keys() == {"config.json"}
    assert tiny.values(trainer) == before


@pytest.mark.parametrize(
    ("n", "function", "words"),
    [
        (0, print, "every: n must be a whole number of at least 1, got 0"),
        (True, print, "every: n must be"),
        (2, 3, r"every: function must be a function \(trainer, row\), got 3"),
    ],
)
def test_every_checks_its_arguments(n, function, words):
    with pytest.raises(ValueError, match=words):
        every(n, function)


def test_every_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        every(2, print).n = 3
