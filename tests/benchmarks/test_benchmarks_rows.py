"""A row is measured in a process of its own, or says why not; no test here depends on a time."""

import contextlib
import json
import os
import re
import signal
import subprocess
import time

import numpy as np
import programs
import pytest
import tensorflow as tf

from benchmarks import generate, input_pipeline, peers, step_plots, toy_step, train_step
from benchmarks.measure import devices, harness, rows
from dcgan import training
from dcgan.data.labels import LabelSet
from dcgan.generation import trained_generator
from gan_core.app.command_line import run

pytestmark = pytest.mark.slow

TINY = {
    "size": 32,
    "width": 1,
    "latent_dim": 2,
    "windows": 2,
    "rounds": 1,
    "peak_seconds": 1e-3,
    "peak_sizes": (16, 1000),
}
MEASURED = {
    "status": "measured",
    "message": "",
    "seconds": 0.5,
    "quartiles": [0.4, 0.7],
    "first_call_seconds": 9.0,
    "images_a_second": 16.0,
    "tflops": 0.1,
    "share_of_peak": 0.61,
    "share_of_roofline": 0.8,
    "memory_bytes": 123e6,
    "memory_of": "the process's resident set",
    "machine": {"device": "an abacus"},
}


@pytest.fixture(autouse=True)
def _devices_stay(monkeypatch):
    """Which devices there are is settled before a process computes, and this one has."""
    monkeypatch.setattr(devices, "use", lambda device: "CPU")


def end_of(arguments, capsys):
    """(exit code, what was said on stderr) of train_step with these arguments."""
    with pytest.raises(SystemExit) as end:
        run(train_step.Config, train_step.main, "", "train_step", arguments=arguments)
    return end.value.code, capsys.readouterr().err.strip()


@pytest.mark.slow
def test_rows_table_and_plot_of_a_run(tmp_path, capsys):
    """One row is measured, in its process; the other cannot be on a CPU."""
    train_step.main(
        train_step.Config(
            batch_size=(2,),
            precision=("float32", "tf32"),
            mode=("eager",),
            convolution=("native",),
            device="cpu",
            out=tmp_path,
            **TINY,
        )
    )
    told = capsys.readouterr().out
    assert "not supported: tf32 needs an NVIDIA GPU" in told
    measured, refused = rows.read(tmp_path / "train_step.jsonl")
    assert (measured["status"], refused["status"]) == ("measured", "not supported")
    assert measured["images_a_second"] == pytest.approx(2 / measured["seconds"])
    operations = 2e9 * measured["gflop_an_image"]
    assert measured["tflops"] == pytest.approx(operations / measured["seconds"] / 1e12)
    assert measured["share_of_peak"] == pytest.approx(measured["tflops"] / measured["peak_tflops"])
    assert measured["quartiles"][0] <= measured["seconds"] <= measured["quartiles"][1]
    assert measured["memory_bytes"] > 1e8  # TensorFlow alone is more
    assert measured["machine"].keys() == {
        "device",
        "cores",
        "python",
        "tensorflow",
        "numpy",
        "date",
        "revision",
    }
    assert (tmp_path / "train_step.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0123, "1.2 %"), (0.61, "61 %"), (0.996, "100 %"), (1.06, "106 %")]
)
def test_a_share_of_the_peak_is_no_power_of_ten(share, shown):
    assert train_step.percent(share) == shown


# ---- what cannot be measured ----


@pytest.mark.parametrize(
    "error",
    [
        tf.errors.ResourceExhaustedError(
            None, None, "{{function_node}} shape[4096,64,64,64] on GPU:0 by GPU_0_bfc"
        ),
        tf.errors.InternalError(
            None, None, "Out of memory while trying to allocate 17179869184 bytes."
        ),  # XLA's
        tf.errors.UnknownError(None, None, "CUDA_ERROR_OUT_OF_MEMORY"),
        MemoryError("of 9 GB"),
        tf.errors.AbortedError(
            None, None, "CUDNN_STATUS_ALLOC_FAILED"
        ),  # when TensorFlow has left it no room
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_batch_that_does_not_fit_is_a_row(error):
    def too_large(options):
        raise error

    row = rows.attempt(too_large, {"batch_size": 4096})
    assert (row["batch_size"], row["status"]) == (4096, "out of memory")
    assert row["message"] == f"{type(error).__name__}: {error}"


def test_xla_with_a_strategy_is_a_row_that_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(rows, "ask", lambda module, options: {**options, **MEASURED})
    train_step.main(
        train_step.Config(
            batch_size=(8,),
            mode=("graph", "xla"),
            convolution=("native",),
            device="cpu",
            strategy=("none", "mirrored"),
            replicas=4,
            out=tmp_path,
        )
    )
    assert "graph, native on 4 devices" in capsys.readouterr().out
    told = [
        (row["strategy"], row["mode"], row["replicas"], row["status"])
        for row in rows.read(tmp_path / "train_step.jsonl")
    ]
    assert told == [
        ("none", "graph", 1, "measured"),
        ("none", "xla", 1, "measured"),
        ("mirrored", "graph", 4, "measured"),
        ("mirrored", "xla", 4, "not supported"),
    ]


def test_a_row_that_would_be_native_is_not_called_winograds(tmp_path, monkeypatch):
    monkeypatch.setattr(rows, "ask", lambda module, options: {**options, **MEASURED})
    train_step.main(
        train_step.Config(
            batch_size=(32, 64),
            precision=("float32", "bfloat16"),
            mode=("graph",),
            convolution=("winograd",),
            device="cpu",
            out=tmp_path,
        )
    )
    told = {
        (row["precision"], row["batch_size"]): row["status"]
        for row in rows.read(tmp_path / "train_step.jsonl")
    }
    assert told == {
        ("float32", 32): "not supported",
        ("float32", 64): "measured",
        ("bfloat16", 32): "not supported",
        ("bfloat16", 64): "not supported",
    }


@pytest.mark.parametrize(
    ("size", "width", "is_there"),
    [(64, 64, True), (64, 16, True), (64, 15, False), (96, 64, False), (32, 32, True)],
)
def test_networks_without_a_layer_of_winograds_form_have_no_row_of_its_name(size, width, is_there):
    """At 96 pixels images have 6, 12, ... pixels a side; 8 * 15 channels meet 4 * 15, below 64."""
    config = train_step.Config(
        batch_size=(64,), convolution=("winograd",), size=size, width=width, device="cpu"
    )
    for row in train_step.planned(config):
        assert (row["why_not"] is None) == is_there


def test_any_other_error_is_a_row_with_its_words():
    def broken(options):
        raise ValueError("the sky is green\nand more")

    assert rows.attempt(broken, {}) == {
        "status": "failed",
        "message": "ValueError: the sky is green",
    }


def test_of_an_error_inside_a_graph_the_cause_is_told_and_not_the_place():
    compiled = tf.function(
        lambda x: tf.debugging.check_numerics(x / 0.0, "the loss") + 1.0, autograph=False
    )
    row = rows.attempt(lambda options: compiled(tf.ones([2])), {})
    assert row == {
        "status": "failed",
        "message": "InvalidArgumentError: the loss : Tensor had Inf values",
    }
    told = "XError: Graph execution error:\n\nDetected at node N defined at\n  File 'a.py', line 4\n\nno such kernel\n"
    assert rows.what_went_wrong(told)["message"] == "XError: no such kernel"
    two = told.replace("no such", "2 root error(s) found.\n  (0) NO_SUCH: no such")
    assert rows.what_went_wrong(two)["message"] == "XError: NO_SUCH: no such kernel"
    assert (
        rows.what_went_wrong("XError: Graph execution error:")["message"]
        == "XError: Graph execution error:"
    )


@pytest.mark.parametrize(
    "remark",
    [
        "W0000 00:00:1 1 bfc.cc:3] ran out of memory trying to allocate 2GiB. The caller says that this is not a failure",
        "E0000 00:00:1 1 cuda.cc:5] failed call to cuInit: CUDA_ERROR_OUT_OF_MEMORY: out of memory",
    ],
)
def test_a_remark_of_tensorflows_is_not_the_cause(remark):
    assert rows.what_went_wrong(f"{remark}\nValueError: x") == {
        "status": "failed",
        "message": "ValueError: x",
    }
    assert rows.what_went_wrong(f"{remark}\nOOM when allocating")["status"] == "out of memory"


def test_every_signal_has_words():
    assert [rows.end(code) for code in (0, -11)] == ["exit code 0", "signal 11 (SIGSEGV)"]
    assert all(rows.end(-number).startswith(f"signal {number} (") for number in range(1, 65))


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        (
            "import os\nos.kill(os.getpid(), 9)",
            "out of memory",
            "the system killed the process (signal 9)",
        ),
        (
            "import sys\nsys.exit('terminate called: std::bad_alloc')",
            "out of memory",
            "exit code 1: terminate called: std::bad_alloc",
        ),
        ("raise SystemExit('no such thing')", "failed", "exit code 1: no such thing"),
        (
            "import os, sys\nprint('I0000 00:00:1 1 a.cc:1] no GPU', file=sys.stderr, flush=True)\nos.kill(os.getpid(), 11)",
            "failed",
            "signal 11 (SIGSEGV): it said nothing",
        ),
        (
            "import sys\nfrom benchmarks.measure import rows\nrows.main(lambda options: {'twice': 2 * options['n']})",
            "measured",
            "",
        ),
    ],
    ids=["killed", "no memory", "failed", "crashed", "measured"],
)
def test_a_process_that_dies_is_a_row(code, status, message, tmp_path, monkeypatch):
    (tmp_path / "contestant.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    row = rows.ask("contestant", {"n": 4})
    assert (row["n"], row["status"], row["message"]) == (4, status, message)
    assert row.get("twice", 8) == 8


def test_a_crash_with_all_memory_taken_is_out_of_memory(tmp_path, monkeypatch):
    """malloc says no, a library uses the address 0: so a batch that does not fit may end in signal
    11.
    """
    (tmp_path / "contestant.py").write_text("import os\nos.kill(os.getpid(), 11)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    assert rows.ask("contestant", {})["status"] == "failed"
    monkeypatch.setattr(rows, "_all_memory", lambda: 10_000_000)
    row = rows.ask("contestant", {})
    assert row["status"] == "out of memory"
    assert re.fullmatch(
        r"signal 11 \(SIGSEGV\), when the process had \d\.\d of the machine's 0\.0 GB",
        row["message"],
    )


def test_ctrl_c_ends_the_process_that_is_measured(tmp_path, monkeypatch):
    (tmp_path / "contestant.py").write_text("import time\ntime.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    started = []

    class Popen(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    def interrupted(pid, options):
        raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Popen)
    monkeypatch.setattr(os, "wait4", interrupted)
    with pytest.raises(KeyboardInterrupt):
        rows.ask("contestant", {})
    assert started[0].returncode == -signal.SIGKILL


STARTS_ANOTHER = """
import sys
from benchmarks.measure import rows
from gan_core.app.command_line import errors_in_one_line
child = "import os, time; print(os.getpid(), file=open({place!r}, 'w'), flush=True); time.sleep(99)"
with errors_in_one_line():
    rows.run([sys.executable, "-c", child])
"""


def test_sigterm_ends_the_process_that_is_measured_too(tmp_path):
    """`timeout 3600 python -m benchmarks.quality` left a training behind."""
    place = tmp_path / "process"
    with programs.start(["-c", STARTS_ANOTHER.format(place=str(place))]) as command:
        while not place.exists() or not place.read_text().endswith("\n"):
            time.sleep(0.01)
        child = int(place.read_text())
        command.send_signal(signal.SIGTERM)
        _, told = command.communicate()
    try:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    assert (command.returncode, told) == (143, "stopped.\n")


def test_the_table_goes_on_after_a_batch_that_does_not_fit(tmp_path, monkeypatch, capsys):
    def ask(module, options):
        return {
            **options,
            **(
                MEASURED
                if options["batch_size"] < 64
                else {"status": "out of memory", "message": "OOM when allocating"}
            ),
        }

    monkeypatch.setattr(rows, "ask", ask)
    config = {"mode": ("graph",), "convolution": ("native",), "device": "cpu", "out": tmp_path}
    train_step.main(train_step.Config(batch_size=(8, 16, 64), **config))
    told = capsys.readouterr().out
    for words in (
        "an abacus",
        "out of memory: OOM when allocating",
        "61 %",
        "80 %",
        "400 – 700",
        "123",
    ):
        assert words in told
    assert len(rows.read(tmp_path / "train_step.jsonl")) == 3
    with pytest.raises(
        ValueError, match=r"none of the 1 rows could be measured; the first: out of memory \(OOM"
    ):
        train_step.main(train_step.Config(batch_size=(64,), **config))


def test_rows_of_one_batch_alone_can_be_told_apart_in_the_figure(monkeypatch):
    """Each is a point: no line is seen, so the marker must differ, or the colour."""
    monkeypatch.setattr(step_plots.plots, "save", lambda figure, path: figure)
    found = [
        {**MEASURED, "batch_size": 64, "precision": precision, "label": f"{precision}, {way}"}
        for precision in ("float32", "bfloat16")
        for way in ("native", "subpixel", "winograd")
    ]
    for axis in step_plots.by_batch(found, None).axes:
        assert (
            len({(line.get_color(), line.get_marker()) for line in axis.lines})
            == len(axis.lines)
            == 6
        )


def test_mirrored_on_one_gpu_is_refused(monkeypatch):
    monkeypatch.setattr(devices, "find", lambda device: "gpu:0")
    gpus = ["one"]
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    with pytest.raises(
        ValueError, match=r"strategy \(from gpu:0 on\) must be none, or mirrored on two .*one GPU"
    ):
        devices.check_replicas("auto", None)
    gpus.append("another")
    assert devices.check_replicas("auto", None) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--device", "tpu"], "device must be auto, cpu or gpu:0, gpu:1, ..., got 'tpu'"),
        (["--device", "gpu:99"], "device must be one that TensorFlow sees, got gpu:99"),
        (["--precision", "float64"], "float64"),
        (["--batch-size", "0"], "--batch-size must be a whole number from 2 to 1048576, got 0"),
        (["--windows", "0"], "windows must be a whole number from 1 to 1000000, got 0"),
        (["--model", "abacus"], "abacus"),
        (["--peak-sizes", "64", "0"], "--peak-sizes must be a whole number from 1 to 1000000000"),
        (["--replicas", "4"], "--replicas must be left out without --strategy mirrored, got 4"),
        (
            ["--strategy", "mirrored", "--device", "cpu", "--batch-size", "15"],
            "--batch-size must be a multiple of the 2 replicas, got 15",
        ),
        (
            ["--strategy", "mirrored", "--device", "cpu", "--replicas", "1"],
            "replicas (from cpu on) must be a whole number from 2 to 64, got 1",
        ),
        (
            ["--precision", "tf32", "--device", "cpu", "--out", "OUT"],
            "none of the 18 rows could be measured; the first: "
            "not supported (tf32 needs an NVIDIA GPU of compute capability 8.0 or later, and this is a CPU)",
        ),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments, words, capsys, tmp_path):
    code, told = end_of([str(tmp_path) if word == "OUT" else word for word in arguments], capsys)
    assert code == 2
    assert words in told
    assert len(told.splitlines()) == 1


def test_old_gpus_are_told_which_precision_they_lack():
    assert (
        devices.too_old("bfloat16", "Tesla T4", (7, 5))
        == "bfloat16 needs an NVIDIA GPU of compute capability 8.0 or later, and Tesla T4 has 7.5"
    )
    assert devices.too_old("tf32", "A100", (8, 0)) is None


# ---- timing ----


def test_every_window_is_drained_at_both_ends():
    done = []
    times = rows.windows(
        lambda n: done.append(n), lambda: done.append("drained"), count=2, rounds=3
    )
    assert done == [
        "drained",
        1,
        "drained",
        "drained",
        1,
        "drained",  # the first call, a warm-up
        *3 * ["drained", 3, "drained"],
    ]  # one window to warm up, two that count
    assert (times["windows"], times["rounds_a_window"]) == (2, 3)


def test_a_row_is_a_line(tmp_path):
    for row in ({"a": 1}, {"a": "ü"}):
        rows.keep(row, tmp_path / "new" / "rows.jsonl")
    assert rows.read(tmp_path / "new" / "rows.jsonl") == [{"a": 1}, {"a": "ü"}]
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"rows\.jsonl cannot be written: .*Choose another --out"):
        rows.keep({}, tmp_path / "file" / "rows.jsonl")


def test_a_row_after_a_line_that_was_cut_off_has_its_own_line(tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"a": 1}\n{"a": ')
    rows.check_writable(path)
    rows.keep({"a": 2}, path)
    assert path.read_text().splitlines() == ['{"a": 1}', '{"a": ', '{"a": 2}']


@pytest.mark.parametrize(
    "program", [train_step, toy_step, input_pipeline, generate, peers], ids=lambda p: p.__name__
)
def test_an_out_that_cannot_be_written_is_told_before_anything_is_measured(
    program, tmp_path, monkeypatch
):
    def measured(*arguments, **options):
        pytest.fail("something was measured")

    for owner, name in ((rows, "ask"), (rows, "windows"), (rows, "timed"), (harness, "in_turn")):
        monkeypatch.setattr(owner, name, measured)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"jsonl cannot be written: .*Choose another --out"):
        program.main(program.Config(out=tmp_path / "file"))


# ---- the other two ----


def test_every_way_of_feeding_is_timed_by_the_batch_in_every_window_but_the_first(monkeypatch):
    """A clock that counts: each batch and each round takes one second, the first window's two."""
    slow = {("batch", "a"): 2, ("step", "a"): 2}  # calls of each: to compile, and to warm up
    played = []

    def play(name):
        def play_n(n):
            played.append((name, n))
            calls = [one for one, _ in played].count(name)
            return float(n * (2 if calls <= slow[name] else 1))

        return play_n

    monkeypatch.setattr(rows, "timed", lambda play, n, drain: play(n))
    seconds = input_pipeline._in_turn({name: play(name) for name in slow}, windows=3, rounds=5)
    assert seconds == {name: [1.0] * 3 for name in slow}
    assert played[2:4] == [(("batch", "a"), 20), (("step", "a"), 5)]


def test_no_trainer_is_fed_in_two_ways(tmp_path, monkeypatch):
    """It would compile its round again whenever the way changes, within the window."""
    samplers = []

    class Trainer:
        def __init__(self):
            self.samplers = set()
            samplers.append(self.samplers)

        def rounds(self, sampler, n):
            self.samplers.add(sampler)

        def round(self, batch):
            self.samplers.add("batches of the file")

    monkeypatch.setattr(training, "build", lambda config: Trainer())
    few = {"batch_size": 2, "images": 6, "size": 32, "windows": 1, "rounds": 1, "device": "cpu"}
    input_pipeline.main(input_pipeline.Config(**few, out=tmp_path))
    assert [len(own) for own in samplers] == [1] * 5


@pytest.mark.slow
def test_feeding_is_measured_in_all_ways(tmp_path, capsys):
    input_pipeline.main(
        input_pipeline.Config(
            batch_size=2,
            images=6,
            size=32,
            width=1,
            mode="eager",
            windows=1,
            rounds=1,
            device="cpu",
            out=tmp_path,
        )
    )
    found = rows.read(tmp_path / "input_pipeline.jsonl")
    assert [row["way"] for row in found] == [
        "fixed",
        "memory",
        "memory, flips",
        "file",
        "file, flips",
    ]
    assert found[0]["slower_than_fixed"] == 1.0
    assert "share of a step" in capsys.readouterr().out


def test_generation_is_measured_alone_into_an_array_and_into_a_zip(tmp_path, capsys):
    generate.main(
        generate.Config(batch_size=(1, 3), count=2, windows=1, rounds=1, device="cpu", out=tmp_path)
    )
    found = rows.read(tmp_path / "generate.jsonl")
    assert [(row["what"], row["faces"]) for row in found] == [
        ("the network, batch 1", 1),
        ("the network, batch 3", 3),
        ("into an array", 2),
        ("into a zip of PNGs", 2),
    ]
    assert all(row["status"] == "measured" and json.dumps(row) for row in found)
    assert "faces a second" in capsys.readouterr().out


def test_a_generator_with_labels_is_measured_too(tmp_path, monkeypatch):
    """The network by itself gets the labels of as many faces."""
    labels = LabelSet("drawn", {"hair": ("red", "blue")}, np.int32([[0], [1]]), np.array([1, 1]))
    seen = []

    def function(z, y):
        seen.append((tuple(z.shape), tuple(y.shape), y.dtype.name))
        return tf.zeros([len(z), 32, 32, 3], tf.uint8)

    made = trained_generator.Generator(function, 3, 32, "labelled", labels)
    monkeypatch.setattr(trained_generator, "load", lambda run: made)
    generate.main(
        generate.Config(batch_size=(5,), count=2, windows=1, rounds=1, device="cpu", out=tmp_path)
    )
    found = rows.read(tmp_path / "generate.jsonl")
    assert [row["status"] for row in found] == ["measured"] * 3
    assert seen[0] == ((5, 3), (5, 1), "int32")


@pytest.mark.parametrize(
    ("units", "wanted"),
    [({}, ["12.35", "12 – 13.5"]), ({"units_a_second": 1e6}, ["12,346", "12,000 – 13,500"])],
)
def test_times_are_shown_as_the_median_and_the_quartiles(units, wanted):
    row = {"seconds": 0.0123456, "quartiles": [0.012, 0.0135]}
    assert rows.cells_of_times(row, **units) == wanted
