"""What fit shows, and how it stops: at Ctrl-C, and at a number that is not finite."""

import contextlib
import io
import os
import re
import signal
import threading

import numpy as np
import pytest
import tensorflow as tf
import tiny
from rich.console import Console

from gan_core import losses
from gan_core.optim.optimizers import SGD
from gan_core.runs import loop, progress
from gan_core.runs.loop import Interrupted, NotFiniteError, every, fit
from gan_core.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def fresh():
    return tiny.Fresh(tiny.make_trainer())


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run", {}, resume_command="python -m my --resume")


# ---------------------------------------------------------------- numbers that are not finite


def far_too_long():
    """Plain gradient descent whose sixth step is."""
    return SGD(lambda step: tf.where(step == 5, np.inf, 0.01))


@pytest.fixture(scope="module")
def explodes_at_6():
    """G alone: D sees it in the round after."""
    return tiny.Fresh(tiny.make_trainer(g_optimizer=far_too_long, average=None))


def test_a_loss_that_is_not_finite_stops_with_the_round_its_name_and_advice(explodes_at_6, run):
    trainer = explodes_at_6()
    with pytest.raises(NotFiniteError) as error:
        fit(trainer, tiny.SAMPLER, 20, run=run, log_every=2, checkpoint_every=4)
    words = str(error.value)
    assert re.match(
        r"Training with the non-saturating loss stopped at round 7: d_loss is (nan|inf)\. .*smaller learning rates",
        words,
    )
    assert f"The last good checkpoint is {run.checkpoints / 'step_00000004.npz'}: resume" in words
    assert [p.name for p in run.checkpoints.iterdir()] == ["step_00000004.npz"]
    other = explodes_at_6()
    assert run.restore(other.state()) == 4
    assert all(np.isfinite(variable.numpy()).all() for variable in other.state().values())
    assert run.rows()["step"].tolist() == [2, 4]


@pytest.mark.parametrize(("rounds", "checkpoint_every"), [(6, None), (6, 3), (20, 3)])
def test_a_gradient_that_is_not_finite_is_never_saved_though_the_loss_was(
    explodes_at_6, run, rounds, checkpoint_every
):
    """The loss is measured before the step: after the last round before a checkpoint nobody has
    seen the damage.
    """
    trainer = explodes_at_6()
    words = r"stopped at round 6: generator/layers/\S+ holds a number that is not finite"
    with pytest.raises(NotFiniteError, match=words):
        fit(trainer, tiny.SAMPLER, rounds, run=run, log_every=2, checkpoint_every=checkpoint_every)
    assert run.step() == (3 if checkpoint_every else 0)
    assert np.isfinite(run.rows()["d_loss"]).all()


def test_it_is_told_without_a_folder_and_in_the_middle_of_a_call_too(explodes_at_6, monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_A_CALL", 1e9)
    with pytest.raises(NotFiniteError, match="stopped at round 7: ") as error:
        fit(explodes_at_6(), tiny.SAMPLER, 1000, log_every=1000)
    assert "checkpoint" not in str(error.value)
    with pytest.raises(NotFiniteError, match="stopped at round 6: "):
        fit(explodes_at_6(), tiny.SAMPLER, 6)


def test_a_measure_may_be_nan_such_as_the_mean_of_a_class_that_a_batch_has_not(run):
    def of_no_sample(real, fake, real_logits, fake_logits):
        return tf.reduce_mean(real_logits[:0])

    trainer = tiny.make_trainer(average=None, measures={"of_class_3": of_no_sample})
    rows = fit(trainer, tiny.SAMPLER, 4, run=run, log_every=2)
    assert np.isnan(rows["of_class_3"]).all()
    np.testing.assert_array_equal(run.rows()["of_class_3"], rows["of_class_3"])
    assert np.isfinite(rows["d_loss"]).all()


def test_it_names_the_loss_of_the_game():
    trainer = tiny.make_trainer(mode="eager", loss=losses.HINGE, average=None)
    trainer.discriminator.layers[0].kernel.assign([[np.nan, 1.0, 1.0]])
    with pytest.raises(
        NotFiniteError, match="Training with the hinge loss stopped at round 1: d_loss is nan"
    ):
        fit(trainer, tiny.SAMPLER, 3)


# ---------------------------------------------------------------- Ctrl-C


def press_at(*steps, number=signal.SIGINT):
    def hook(_, row):
        if row["step"] in steps:
            os.kill(os.getpid(), number)

    return every(1, hook)


@pytest.mark.parametrize(("signal_number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_first_interrupt_finishes_the_round_saves_and_carries_rows_and_words(
    fresh, run, signal_number, code
):
    """Ctrl-C, and SIGTERM, which schedulers send."""
    handler = signal.getsignal(signal_number)
    trainer = fresh()
    with pytest.raises(Interrupted) as stop:
        fit(
            trainer,
            tiny.SAMPLER,
            2000,
            run=run,
            log_every=2,
            hooks=[press_at(5, number=signal_number)],
        )
    assert isinstance(stop.value, KeyboardInterrupt)
    assert stop.value.exit_code == code
    assert str(stop.value) == (
        f"Stopped after round 5 of 2,000. All of it is saved in {run.path}. "
        "To resume: python -m my --resume"
    )
    assert stop.value.rows["step"].tolist() == [2, 4, 5]
    assert int(trainer.step) == run.step() == 5
    assert signal.getsignal(signal_number) is handler
    endings = []
    for folder in (run, None):
        trainer = fresh()
        rows = fit(trainer, tiny.SAMPLER, 9, run=folder, log_every=2)
        endings.append((tiny.values(trainer), {name: c.tobytes() for name, c in rows.items()}))
    assert endings[0] == endings[1]


def test_ctrl_c_without_a_folder_says_that_nothing_was_saved_and_the_trainer_goes_on(fresh):
    trainer = fresh()
    words = r"Stopped after round 5 of 20\. Nothing was saved: this run has no folder\."
    with pytest.raises(Interrupted, match=words) as stop:
        fit(trainer, tiny.SAMPLER, 20, log_every=3, hooks=[press_at(5)])
    assert stop.value.rows["step"].tolist() == [3, 5]
    fit(trainer, tiny.SAMPLER, 20)
    straight = tiny.values(trainer)
    fit(fresh(), tiny.SAMPLER, 20)
    assert tiny.values(trainer) == straight


def test_a_second_ctrl_c_is_a_plain_one_at_once_and_saves_nothing_more(fresh, run):
    def press_twice(*_):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("the second one is answered here")

    with pytest.raises(KeyboardInterrupt) as stop:
        fit(fresh(), tiny.SAMPLER, 20, run=run, hooks=[every(5, press_twice)])
    assert not isinstance(stop.value, Interrupted)
    assert run.step() == 0


def test_ctrl_c_is_the_systems_again_afterwards(fresh):
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a background job is started without one
    try:
        fit(fresh(), tiny.SAMPLER, 2)
        assert signal.set_wakeup_fd(-1) == -1
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_fit_in_a_thread_leaves_signals_alone(fresh):
    result = []
    trainer = fresh()
    thread = threading.Thread(
        target=lambda: result.append(fit(trainer, tiny.SAMPLER, 4, log_every=2))
    )
    thread.start()
    thread.join()
    assert result[0]["step"].tolist() == [2, 4]


# ---------------------------------------------------------------- what it shows


def test_away_from_a_terminal_it_is_quiet(fresh, run, capfd):
    out = io.StringIO()
    fit(fresh(), tiny.SAMPLER, 4, run=run, log_every=2, console=Console(file=out))
    fit(fresh(), tiny.SAMPLER, 4, log_every=2)
    assert out.getvalue() == ""
    assert capfd.readouterr() == ("", "")


def test_on_a_terminal_it_shows_rate_time_left_and_the_last_row_in_80_columns(fresh):
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=80, height=25, color_system=None, _environ={}
    )
    rows = fit(fresh(), tiny.SAMPLER, 50, log_every=50, console=console)
    lines = [
        re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]+", out.getvalue())
    ]
    assert max(map(len, lines)) <= 80
    bar = [line for line in lines if "50/50" in line][-1]
    assert re.search(r"^round .*50/50 .*\d (a second|s each) +time left +\d:\d\d:\d\d", bar)
    last = [line for line in lines if "d_loss" in line][-1]
    assert last.split()[:4] == [
        "d_loss",
        f"{rows['d_loss'][-1]:.3g}",
        "g_loss",
        f"{rows['g_loss'][-1]:.3g}",
    ]
    assert "accuracy" in last
    assert (
        out.getvalue().count("\x1b[?25l") == out.getvalue().count("\x1b[?25h") == 1
    )  # the cursor comes back


def test_a_long_bar_is_one_line_of_80_columns():
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=True, width=80, height=25, color_system=None, _environ={}
    )
    names = [
        "d_loss",
        "g_loss",
        "d_real",
        "d_fake",
        "accuracy",
        "penalty",
        "d_gradient_norm",
        "g_gradient_norm",
    ]
    with progress.Bar(console, 0, 1_000_000) as bar:
        bar.show({"step": 999_999, **dict.fromkeys(names, -1.234567e-12)}, 123_456.0)
        out.seek(0)
        out.truncate()
    lines = [
        re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]+", out.getvalue())
    ]
    bars = [line for line in lines if "999999" in line.replace(",", "")]
    assert bars
    assert all(
        "123,456 a second" in line and "time left" in line and len(line) <= 80 for line in bars
    )
    assert max(map(len, lines)) <= 80
    assert sum(line.count("-1.23e-12") for line in lines) >= len(names)


def test_a_process_that_does_not_write_says_where_that_is_which_was_saved(fresh, monkeypatch):
    """In a new run the chief alone has the folder; the others must not say that nothing was
    saved.
    """
    monkeypatch.setattr(loop.workers, "is_chief", lambda strategy: False)
    told = []
    monkeypatch.setattr(
        loop.workers,
        "noticing_the_lost",
        lambda strategy, way_on: told.append(way_on) or contextlib.nullcontext(),
    )
    fit(fresh(), tiny.SAMPLER, 1)
    assert told == ["What was saved is in the chief's run folder: resume it."]
