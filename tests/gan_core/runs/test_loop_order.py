"""In which order fit keeps rows, saves and calls hooks; what it keeps of the last round;
its warning.
"""

import io
import os
import signal

import numpy as np
import pytest
import tensorflow as tf
import tiny
from rich.console import Console

from gan_core.runs import loop
from gan_core.runs.loop import Interrupted, at_end, at_start, every, fit, on_error
from gan_core.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fresh():
    return tiny.Fresh(tiny.make_trainer())


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run", {}, resume_command="python -m my --resume")


class Broken(Exception):
    pass


def break_at(step):
    def hook(_, row):
        if row["step"] == step:
            raise Broken

    return every(1, hook)


def bits(rows):
    return {name: column.tobytes() for name, column in rows.items()}


# ---------------------------------------------------------------- row, checkpoint, hooks


def test_a_hook_finds_the_row_and_the_checkpoint_of_its_round_on_the_disk(fresh, run):
    seen = []

    def look(_, row):
        seen.append((row["step"], run.step(), run.rows()["step"].tolist()[-1]))

    hooks = [every(4, look)]
    fit(fresh(), tiny.SAMPLER, 8, run=run, log_every=2, checkpoint_every=4, hooks=hooks)
    assert seen == [(4, 4, 4), (8, 8, 8)]


def test_a_hook_that_fails_leaves_a_checkpoint_of_its_round_and_the_rows(fresh, run):
    with pytest.raises(Broken):
        fit(fresh(), tiny.SAMPLER, 20, run=run, log_every=2, hooks=[break_at(5)])
    assert run.step() == 5
    assert run.rows()["step"].tolist() == [2, 4]
    resumed = fit(fresh(), tiny.SAMPLER, 20, run=run, log_every=2)
    straight = fit(fresh(), tiny.SAMPLER, 20, log_every=2)
    assert bits(resumed) == bits(straight)


def test_the_error_of_a_hook_is_told_though_the_disk_refuses_the_checkpoint(
    fresh, run, monkeypatch
):
    def refuse(*_):
        raise ValueError("a full disk")

    monkeypatch.setattr(run, "save", refuse)
    with pytest.raises(Broken):
        fit(fresh(), tiny.SAMPLER, 20, run=run, hooks=[break_at(5)])


# ---------------------------------------------------------------- at least once


def remember(calls, name, fails=()):
    """A hook of every fifth round, which raises at these steps, once each."""
    left = set(fails)

    def hook(_, row):
        calls.append((name, row))
        if row["step"] in left:
            left.remove(row["step"])
            raise Broken

    return every(5, hook)


def steps_of(calls):
    return [(name, row["step"]) for name, row in calls]


PERIODS = {"log_every": 2, "checkpoint_every": 5}  # no row of the log in rounds 5 and 15


@pytest.mark.parametrize("broken_at", [5, 10])
@pytest.mark.parametrize("same_trainer", [True, False])
def test_hooks_that_did_not_all_return_are_called_again_with_their_row(
    fresh, run, broken_at, same_trainer
):
    calls = []
    hooks = [remember(calls, "a"), remember(calls, "b", [broken_at]), remember(calls, "c")]
    trainer = fresh()
    with pytest.raises(Broken):
        fit(trainer, tiny.SAMPLER, 20, run=run, hooks=hooks, **PERIODS)
    assert steps_of(calls)[-2:] == [("a", broken_at), ("b", broken_at)]
    row = calls[-1][1]
    calls.clear()
    trainer = trainer if same_trainer else fresh()
    fit(trainer, tiny.SAMPLER, 20, run=run, hooks=hooks, **PERIODS)
    rounds = range(broken_at, 21, 5)
    assert steps_of(calls) == [(name, step) for step in rounds for name in "abc"]
    assert [seen for _, seen in calls[:3]] == [row] * 3
    assert not run.hooks_file.exists()


def test_also_where_no_checkpoint_was_due_and_where_no_round_is_left(fresh, run):
    """The hook that fails in round 5, of 5, brings about the checkpoint of its round."""
    calls = []
    hooks = [at_start(lambda _: calls.append("start")), remember(calls, "a", [5])]
    with pytest.raises(Broken):
        fit(fresh(), tiny.SAMPLER, 7, run=run, hooks=hooks)
    assert run.step() == 5
    del calls[:]
    fit(fresh(), tiny.SAMPLER, 5, run=run, hooks=hooks)
    assert calls[0] == "start"
    assert steps_of(calls[1:]) == [("a", 5)]


def test_a_run_that_was_stopped_calls_each_hook_once(fresh, run):
    """By Ctrl-C within the hooks of a saved round, and by a number of rounds."""
    calls = []
    hooks = [
        every(5, lambda _, row: row["step"] == 10 and os.kill(os.getpid(), signal.SIGINT)),
        remember(calls, "a"),
    ]
    for rounds in (5, 15, 20, 20):
        try:
            fit(fresh(), tiny.SAMPLER, rounds, run=run, hooks=hooks, **PERIODS)
        except Interrupted:
            assert run.step() == 10
    assert steps_of(calls) == [("a", 5), ("a", 10), ("a", 15), ("a", 20)]


def test_a_round_that_is_played_again_is_not_taken_for_one_whose_hooks_are_due(fresh, run):
    """Killed after the note of round 10 and before its checkpoint, and then resumed at round 5."""
    fit(fresh(), tiny.SAMPLER, 5, run=run, **PERIODS)
    run.begin_hooks({"step": 10, "d_loss": 0.0})
    calls = []
    fit(fresh(), tiny.SAMPLER, 10, run=run, hooks=[remember(calls, "a")], **PERIODS)
    assert steps_of(calls) == [("a", 10)]
    assert calls[0][1]["d_loss"] != 0.0


def test_a_note_that_is_no_row_is_left_aside(fresh, run):
    for text in ("", "{", "3", "[]", "{}"):
        run.hooks_file.write_text(text)
        assert run.unfinished_hooks() is None
    fit(fresh(), tiny.SAMPLER, 2, run=run)
    assert not run.hooks_file.exists()


# ---------------------------------------------------------------- when it saves


@pytest.mark.parametrize(("clock", "saved"), [(0.0, 5), (1e9, 0)])
def test_without_a_number_of_rounds_the_clock_says_when_to_save(
    fresh, run, monkeypatch, clock, saved
):
    """What a power cut leaves at round 5: a full second of the clock is a round here,
    or none is.
    """
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", clock)
    on_disk = []
    look = every(5, lambda *_: on_disk.append(run.step()))
    fit(fresh(), tiny.SAMPLER, 9, run=run, hooks=[look])
    assert on_disk == [saved]
    assert run.step() == 9


# ---------------------------------------------------------------- the last row


def test_the_last_round_has_a_row_however_short_the_training(fresh, run):
    rows = fit(fresh(), tiny.SAMPLER, 5, run=run)
    every_row = fit(fresh(), tiny.SAMPLER, 5, log_every=1)
    assert rows["step"].tolist() == [5]
    assert bits(rows) == {name: column[-1:].tobytes() for name, column in every_row.items()}
    assert bits(run.rows()) == bits(rows)


@pytest.mark.parametrize("parts", [[5, 12], [1, 2, 3, 5, 12], [4, 12], [11, 12]])
@pytest.mark.parametrize("same_trainer", [True, False])
def test_a_run_in_parts_ends_with_the_rows_of_one_stretch(fresh, tmp_path, parts, same_trainer):
    """The row that a part ended with is taken out again, if it lies between two marks."""
    logs = []
    for number, stops in enumerate([[12], parts]):
        run = RunFolder.create(tmp_path / str(number), {})
        trainer = fresh()
        for rounds in stops:
            trainer = trainer if same_trainer else fresh()
            rows = fit(trainer, tiny.SAMPLER, rounds, run=run, log_every=4)
            assert rows["step"].tolist()[-1] == rounds
        logs.append((run.log_file.read_bytes(), bits(rows), tiny.values(trainer)))
    assert logs[0] == logs[1]


def test_a_finished_run_that_is_fitted_again_keeps_its_last_row(fresh, run):
    first = fit(fresh(), tiny.SAMPLER, 5, run=run, log_every=4)
    before = run.log_file.read_bytes()
    again = fit(fresh(), tiny.SAMPLER, 5, run=run, log_every=4)
    assert bits(again) == bits(first)
    assert run.log_file.read_bytes() == before


def test_a_stopped_run_that_asks_for_no_more_rounds_has_the_row_it_stopped_at(fresh, run):
    press = every(5, lambda *_: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(Interrupted) as stop:
        fit(fresh(), tiny.SAMPLER, 12, run=run, log_every=4, hooks=[press])
    assert stop.value.rows["step"].tolist() == [4, 5]
    assert fit(fresh(), tiny.SAMPLER, 5, run=run, log_every=4)["step"].tolist() == [4, 5]
    rows = fit(fresh(), tiny.SAMPLER, 12, run=run, log_every=4)
    assert rows["step"].tolist() == [4, 8, 12]


# ---------------------------------------------------------------- hooks of other occasions


def occasions(told):
    return [
        at_start(lambda trainer: told.append(("start", int(trainer.step)))),
        every(3, lambda _, row: told.append(("every", row["step"]))),
        at_end(lambda trainer: told.append(("end", int(trainer.step)))),
        on_error(lambda _, error: told.append(("error", type(error)))),
    ]


def test_hooks_of_the_start_and_the_end(fresh, run):
    told = []
    fit(fresh(), tiny.SAMPLER, 4, run=run, hooks=occasions(told))
    fit(fresh(), tiny.SAMPLER, 6, run=run, hooks=occasions(told))
    assert told == [("start", 0), ("every", 3), ("end", 4), ("start", 4), ("every", 6), ("end", 6)]


def test_hooks_of_the_end_find_the_last_checkpoint(fresh, run):
    steps = []
    fit(fresh(), tiny.SAMPLER, 4, run=run, hooks=[at_end(lambda _: steps.append(run.step()))])
    assert steps == [4]


def test_hooks_of_an_error_hear_of_it_and_those_of_the_end_do_not(fresh):
    told = []
    with pytest.raises(Broken):
        fit(fresh(), tiny.SAMPLER, 4, hooks=[break_at(2), *occasions(told)])
    assert told == [("start", 0), ("error", Broken)]


@pytest.mark.parametrize("kind", [at_start, at_end, on_error])
def test_hooks_check_their_function(kind):
    with pytest.raises(
        ValueError, match=rf"{kind.__name__}: function must be a function \(trainer"
    ):
        kind(3)


# ---------------------------------------------------------------- a training that has failed


@pytest.mark.parametrize("name", ["d_loss", "g_loss"])
@pytest.mark.parametrize(("value", "lines"), [(0.9e6, 0), (-1.1e6, 1), (1e19, 1)])
def test_a_loss_of_millions_is_told_once_with_advice(fresh, monkeypatch, name, value, lines):
    trainer = fresh()
    rounds = trainer.rounds

    def failing(sampler, count):
        values = rounds(sampler, count)
        return {**values, name: np.full_like(values[name], value)}

    monkeypatch.setattr(trainer, "rounds", failing)
    out = io.StringIO()
    fit(trainer, tiny.SAMPLER, 4, log_every=1, console=Console(file=out, width=40))
    assert out.getvalue().count("\n") == lines
    for words in ("warning: ", name, "this training has failed", "smaller learning rates"):
        assert words in out.getvalue() or not lines


def test_labelled_batches_of_several_d_steps_are_stacked_part_by_part():
    pairs = [(tf.zeros([4, 1]), tf.zeros([4])), (tf.ones([4, 1]), tf.ones([4]))]
    parts = loop._one_round(pairs, has_labels=True)
    assert [part.shape for part in parts] == [(2, 4, 1), (2, 4)]
    assert loop._one_round(["only"], has_labels=False) == "only"
