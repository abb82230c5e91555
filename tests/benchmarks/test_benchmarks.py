"""The harness asks its contestants in turn and says who cannot run;
no test here depends on a time.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import __main__ as listing
from benchmarks import export_round, generate, input_pipeline, profile_step, toy_step
from benchmarks.contestants import (
    growing_judge,
    growing_round,
    one_toy_step,
    one_train_step,
    ours_dcgan_step,
    ours_toy_step,
)
from benchmarks.limits import arithmetic, passes, peaks
from benchmarks.measure import devices, harness, rows
from dcgan import training
from dcgan.config import Config as DCGANConfig
from dcgan.generation import trained_generator
from gan_core.devices import many_rounds
from gan_core.nn.activations import leaky_relu

pytestmark = pytest.mark.slow

ROOT = Path(listing.__file__).parents[1]
ECHO = (
    "import sys, time\n"
    "from benchmarks.measure import harness\n"
    "harness.serve(lambda rounds: time.sleep(0.001 * rounds))"
)


def test_python_m_benchmarks_lists_every_command_line_there_is(capsys):
    folder = Path(listing.__file__).parent
    found = {
        file
        for file in folder.rglob("*.py")
        if "\n    run(Config, main, " in file.read_text(encoding="utf-8")
    }
    assert {file.parent.name if file.stem == "__main__" else file.stem for file in found} == {
        *listing.NAMES
    }
    listing.main([])
    said = capsys.readouterr().out
    assert all(f"python -m benchmarks.{name} " in said for name in listing.NAMES)


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("growth", "python -m benchmarks takes no growth. Say python -m benchmarks.growth"),
        ("grwoth", "there is no command 'grwoth'. See python -m benchmarks."),
    ],
)
def test_a_command_behind_a_space_is_refused_in_one_line(argument, words, capsys):
    with pytest.raises(SystemExit, match="2"):
        listing.main([argument])
    assert capsys.readouterr().err == f"error: {words}\n"


IMPORTS_ALL = """
import importlib, sys
for name in {names}:
    importlib.import_module("benchmarks." + name)
print(sorted({{"tensorflow", "matplotlib", "seaborn"}} & set(sys.modules)))
"""


def test_no_command_waits_for_tensorflow_before_it_needs_it():
    """So --help, which imports a command and makes no config, answers at once."""
    code = IMPORTS_ALL.format(names=listing.NAMES)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_dry_run_says_nothing_of_tensorflows_own():
    environment = {name: value for name, value in os.environ.items() if "TF_CPP" not in name}
    command = [sys.executable, "-m", "benchmarks.toy_step", "--dry-run", "--hidden", "2"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    assert "python -m benchmarks.contestants.one_toy_step" in done.stdout
    assert done.stderr == ""


def test_defaults_that_are_written_twice_are_those_of_training():
    """They stand beside a help of their own."""
    trained = DCGANConfig()
    for config in (input_pipeline.Config(), profile_step.Config()):
        assert (config.mode, config.convolution) == (trained.mode, trained.convolution)


def test_every_contestant_is_asked_for_every_window():
    results = harness.in_turn({"a": ["-c", ECHO], "b": ["-c", ECHO]}, rounds=2, windows=3)
    assert [result.name for result in results] == ["a", "b"]
    for result in results:
        assert result.seconds.shape == (3,)
        assert np.all(result.seconds >= 0.001)  # it slept that long, and may have taken longer
        assert min(result.seconds) <= result.median <= max(result.seconds)


def test_a_contestant_that_cannot_run_is_named_with_its_reason():
    with pytest.raises(
        ValueError, match="broken cannot run: ModuleNotFoundError: No module named 'nonsense'"
    ):
        harness.in_turn({"broken": ["-c", "import nonsense"]}, rounds=1, windows=1)


def test_only_a_package_that_is_missing_is_to_be_installed():
    """The working tree's own error, in `compare` too, has nothing to do with peers."""
    with pytest.raises(ValueError, match=r"nonsense'\. \(Peers: pip install -e '\.\[peers\]'\.\)$"):
        harness.in_turn({"a": ["-c", "import nonsense"]}, rounds=1, windows=1)
    with pytest.raises(ValueError, match=r"^a cannot run: ValueError: no such size\.$"):
        harness.in_turn({"a": ["-c", "raise ValueError('no such size')"]}, rounds=1, windows=1)


def test_a_contestant_whose_library_prints_is_named_with_what_it_printed():
    code = "input(); print('Welcome to the library', flush=True); input()"
    with pytest.raises(ValueError, match="a cannot be measured: its answer was 'Welcome to the"):
        harness.in_turn({"a": ["-c", code]}, rounds=1, windows=1)


def test_those_that_were_started_are_ended_if_a_later_one_cannot_be_started(tmp_path, monkeypatch):
    """A folder that is not there is an error of the system, before there is a process."""
    started = []

    class Popen(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    with pytest.raises(OSError, match="nowhere"):
        harness.in_turn(
            {"a": ["-c", ECHO], "b": ["-c", ECHO]},
            rounds=1,
            windows=1,
            folders={"b": tmp_path / "nowhere"},
        )
    (process,) = started
    assert process.returncode == -signal.SIGKILL


def test_a_contestant_that_the_system_killed_is_named_with_the_signal_and_not_with_tensorflows_remarks():
    remarks = [
        "E0000 00:00:1 1 b.cc:5] failed call to cuInit: UNKNOWN",
        "I0000 00:00:1 1 a.cc:2] It is optimized.",
        "To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.",
    ]
    code = (
        f"import os, sys; print(*{remarks}, sep=chr(10), file=sys.stderr, flush=True); input(); "
        "os.kill(os.getpid(), 9)"
    )
    with pytest.raises(
        ValueError,
        match=r"large cannot run: signal 9 \(SIGKILL\), it said nothing\. .* smaller batch",
    ):
        harness.in_turn({"large": ["-c", code]}, rounds=1, windows=1)


def test_a_row_for_each_number_of_rounds_a_call(capsys, tmp_path, monkeypatch):
    """Measured in this process. What asks another one is subject of test_benchmarks_rows.py."""
    contestants = {toy_step.CONTESTANT: one_toy_step.measure}
    monkeypatch.setattr(
        rows, "ask", lambda module, options: rows.attempt(contestants[module], options)
    )
    monkeypatch.setattr(devices, "use", lambda device: "CPU")
    toy_step.main(
        toy_step.Config(
            hidden=4, batch=8, rounds=(2,), mode=("eager",), windows=2, calls=1, out=tmp_path
        )
    )
    (row,) = rows.read(tmp_path / "toy_step.jsonl")
    assert row["status"] == "measured"
    assert row["rounds_a_call"] == row["rounds_a_window"] == 2
    assert "rounds a call" in capsys.readouterr().out


def test_no_more_rounds_are_asked_for_than_one_compiled_call_plays():
    assert toy_step.ROUNDS_A_CALL == many_rounds.ROUNDS_A_CALL
    toy_step.Config(rounds=(many_rounds.ROUNDS_A_CALL,))
    with pytest.raises(ValueError, match="rounds must be a whole number from 1 to 1024, got 1025"):
        toy_step.Config(rounds=(1, many_rounds.ROUNDS_A_CALL + 1))


def test_times_are_of_a_round_and_not_of_a_call(monkeypatch):
    monkeypatch.setattr(devices, "use", lambda device: None)
    monkeypatch.setattr(
        rows,
        "windows",
        lambda play, drain, count, calls: {
            **rows.summary([6.0, 9.0, 12.0]),
            "processor_seconds": 12.0,
            "rounds_a_window": calls,
        },
    )
    row = one_toy_step.measure(
        {
            "device": "cpu",
            "hidden": 2,
            "batch": 4,
            "mode": "eager",
            "rounds_a_call": 3,
            "windows": 3,
            "calls": 5,
        }
    )
    assert row["seconds"] == 3.0
    assert row["quartiles"] == [2.5, 3.5]
    assert row["processor_seconds"] == 4.0
    assert row["rounds_a_window"] == 15


def test_bad_numbers_are_one_line_and_exit_2(capsys):
    with pytest.raises(SystemExit) as end:
        toy_step.run(toy_step.Config, toy_step.main, "", "toy_step", arguments=["--windows", "0"])
    assert end.value.code == 2
    assert "windows must be a whole number from 1 to 1000000, got 0" in capsys.readouterr().err


NETWORKS = {"size": 32, "width": 2, "latent_dim": 3}
ROUND = {"precision": "float32", "mode": "eager", "convolution": "native"}


@pytest.mark.parametrize(
    "play",
    [
        lambda out: one_train_step._times({**NETWORKS, **ROUND, "batch_size": 2}, None),
        lambda out: ours_dcgan_step.main(batch=2, **NETWORKS),
        lambda out: profile_step.profile(profile_step.Config(batch_size=2, **NETWORKS)),
        lambda out: input_pipeline.main(
            input_pipeline.Config(batch_size=2, images=4, size=32, width=2, out=out)
        ),
    ],
    ids=["train_step", "peers", "profile_step", "input_pipeline"],
)
def test_the_round_that_is_timed_is_bare_whatever_the_defaults_of_training_are(
    play, tmp_path, monkeypatch
):
    """What it is compared with has no R1, no augmentation and no average:
    R1, once a default, made it longer.
    """

    class Built(Exception):
        pass

    def build(config, *rest):
        assert (config.gamma, config.augment, config.average) == (0.0, (), 0.0)
        raise Built

    monkeypatch.setattr(training, "build", build)
    monkeypatch.setattr(peaks, "measure", lambda *options: None)
    with pytest.raises(Built):
        play(tmp_path)


class Stopped(Exception):
    pass


DEFAULT_ROUND = {"field": "width", "value": 2}
TRAIN_STEP = {**NETWORKS, "mode": "eager", "convolution": "native", "batch_size": 2, "replicas": 1}
TOY_STEP = {"hidden": 2, "batch": 2, "mode": "eager", "rounds_a_call": 1}


@pytest.mark.parametrize(
    ("play", "place", "precisions"),
    [
        (
            lambda p, out: one_train_step.measure({**TRAIN_STEP, "device": "", "precision": p}),
            (training, "build"),
            ("float32", "tf32", "bfloat16"),
        ),
        (
            lambda p, out: ours_dcgan_step.main(batch=2, **NETWORKS, precision=p),
            (training, "build"),
            ("float32", "tf32", "bfloat16"),
        ),
        (
            lambda p, out: ours_dcgan_step.main(batch=2, **NETWORKS),
            (training, "build"),
            ("float32",),
        ),
        (
            lambda p, out: profile_step.profile(profile_step.Config(precision=p)),
            (peaks, "measure"),
            ("float32", "tf32"),
        ),
        (
            lambda p, out: input_pipeline.main(
                input_pipeline.Config(batch_size=2, images=4, size=32, precision=p, out=out)
            ),
            (training, "build"),
            ("float32", "tf32"),
        ),
        (
            lambda p, out: export_round.export(
                export_round.Config(out=out, **{**NETWORKS, "batch_size": (2,)}), p, 2
            ),
            (training, "build"),
            ("float32", "tf32"),
        ),
        (
            lambda p, out: growing_round.measure({**DEFAULT_ROUND, "device": ""}),
            (training, "build"),
            ("float32",),
        ),
        (
            lambda p, out: growing_judge.measure({"value": 20, "size": 32, "device": ""}),
            (growing_judge.drawn_faces, "draw"),
            ("float32",),
        ),
        (
            lambda p, out: one_toy_step.measure({**TOY_STEP, "device": ""}),
            (ours_toy_step, "game"),
            ("float32",),
        ),
        (
            lambda p, out: ours_toy_step.main(hidden=2, batch=2),
            (ours_toy_step, "game"),
            ("float32",),
        ),
    ],
    ids=[
        *("train_step", "peers", "peers' default", "profile_step", "input_pipeline"),
        *("export_round", "growing_round", "growing_judge", "toy_step", "peers' toy"),
    ],
)
def test_what_is_measured_is_in_the_precision_that_is_told(
    play, place, precisions, tmp_path, monkeypatch
):
    """A GPU rounds float32 products to tf32 unless the process says no, which no trainer does."""
    switch = [True]  # TensorFlow's default

    def stop(*arguments, **options):
        raise Stopped

    experimental = tf.config.experimental
    monkeypatch.setattr(experimental, "enable_tensor_float_32_execution", switch.append)
    monkeypatch.setattr(devices, "use", lambda *arguments: "CPU")
    monkeypatch.setattr(devices, "why_not", lambda precision, device: None)
    monkeypatch.setattr(*place, stop)
    for precision in precisions:
        switch.append(precision != "tf32")  # what would be wrong
        with pytest.raises(Stopped):
            play(precision, tmp_path)
        assert switch[-1] == (precision == "tf32")


def test_faces_are_generated_with_the_arithmetic_of_the_command(tmp_path, monkeypatch):
    called = []

    def load(run):
        assert called == ["arithmetic"]
        raise Stopped

    monkeypatch.setattr(devices, "use", lambda *arguments: "CPU")
    monkeypatch.setattr(trained_generator, "choose_arithmetic", lambda: called.append("arithmetic"))
    monkeypatch.setattr(trained_generator, "load", load)
    with pytest.raises(Stopped):
        generate.main(generate.Config(device="cpu", out=tmp_path))


@pytest.mark.parametrize(
    ("mode", "layer", "kind", "by_x", "by_w"),
    [
        ("graph", "conv", "product", 5.0, 7.0),
        ("eager", "conv", "product", 3.0, 5.0),
        ("xla", tf.tanh, "activation", 5.0, None),
        ("graph", tf.tanh, "activation", 3.0, None),
        ("graph", tf.nn.relu, "activation", 3.0, None),
        ("graph", leaky_relu(0.2), "activation", 5.0, None),
        ("xla", "norm", "batch norm", 3.0, None),
    ],
)
def test_a_gradient_is_not_charged_with_the_value_that_is_worked_out_again(
    mode, layer, kind, by_x, by_w, monkeypatch
):
    """ReLU's and tanh's gradients ask for the output, leaky ReLU's for the input,
    which is there.
    """
    monkeypatch.setattr(
        passes,
        "_time",
        lambda run, *_: {"value": 2.0, "by_x": 5.0, "by_w": 7.0}[run.__name__],
    )
    how = passes.How(mode, "native", "float32", repeats=1)
    seconds = passes.pass_seconds(layer, {}, tf.zeros([1]), tf.zeros([1]), kind, how)
    assert (
        seconds[arithmetic.VALUE],
        seconds[arithmetic.GRADIENT_X],
        seconds.get(arithmetic.GRADIENT_W),
    ) == (
        2.0,
        by_x,
        by_w,
    )
