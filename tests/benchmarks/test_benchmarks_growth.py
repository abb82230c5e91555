"""Curves of growing work: which points there are, that they are kept, and what is shown of them."""

import csv
import dataclasses
import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import growth, growth_plots
from benchmarks.contestants import (
    growing_data,
    growing_judge,
    growing_round,
    growing_run_folder,
)
from benchmarks.measure import devices, rows

FEW = {
    "batch": (2, 4),
    "width": (1,),
    "size": (32,),
    "latent": (2,),
    "judged": (20, 40),
    "seen": (20,),
    "pictures": (100, 200),
    "held": (100,),
    "read": (3,),
    "epochs": (1, 2),
    "windows": 1,
    "device": "cpu",
}


def answer(options):
    """A point whose time is in proportion, and whose memory grows as the square."""
    value = options["value"]
    return {
        **options,
        "status": rows.MEASURED,
        "message": "",
        "seconds": 0.02 * value,
        "quartiles": [0.01 * value, 0.03 * value],
        "processor_seconds": 0.01 * value,
        "memory_before_bytes": 500_000_000,
        "memory_bytes": 500_000_000 + 1000 * value**2,
        "memory_of": "the process's resident set",
        "disk_bytes": 10 * value,
        "checksum_seconds": {"clock": 9.0, "processor": 3.0},
        "machine": {"device": "an abacus", "date": "today", "revision": "abc"},
    }


@pytest.fixture
def no_figures(monkeypatch):
    """Drawing takes seconds."""
    for name in ("of_rounds", "of_work"):
        monkeypatch.setattr(growth_plots, name, lambda found, series, path: None)


@pytest.fixture
def asked(monkeypatch):
    """What was asked of contestants, each of which answers at once."""
    questions = []

    def ask(module, options):
        questions.append((module, dict(options)))
        return answer(options)

    monkeypatch.setattr(rows, "ask", ask)
    return questions


def config(out, **changes):
    return growth.Config(out=out, **{**FEW, **changes})


# ---- which points ----


def test_every_curve_has_its_field_its_contestant_and_its_place_in_a_figure():
    fields = {field.name for field in dataclasses.fields(growth.Config)}
    shown = [name for panel in growth_plots.ROUNDS + growth_plots.WORK for name in panel.names]
    assert shown == list(growth.SERIES)
    for series in growth.SERIES.values():
        assert series.values in fields
        assert importlib.util.find_spec(f"benchmarks.contestants.{series.module}")


def test_there_is_a_point_for_each_value_of_each_curve(tmp_path):
    plan = growth.planned(config(tmp_path))
    assert [(row["series"], row["value"]) for row in plan] == [
        ("round-batch", 2),
        ("round-batch", 4),
        ("round-width", 1),
        ("round-size", 32),
        ("round-latent", 2),
        ("judge-pixels", 20),
        ("judge-pixels", 40),
        ("judge-features", 20),
        ("data-file", 100),
        ("data-file", 200),
        ("data-memory", 100),
        ("data-zip", 3),
        ("run-folder", 1),
        ("run-folder", 2),
    ]


def test_data_and_folders_use_the_cpu_where_there_is_a_gpu(tmp_path, monkeypatch):
    monkeypatch.setattr(devices, "find", lambda device: "gpu:0")
    on = {row["series"]: row["device"] for row in growth.planned(config(tmp_path, device="auto"))}
    assert {name for name, device in on.items() if device == "cpu"} == {
        "data-file",
        "data-memory",
        "data-zip",
        "run-folder",
    }
    assert on["round-batch"] == on["judge-features"] == "gpu:0"


def test_only_names_the_curves_that_are_measured(tmp_path, asked, capsys, no_figures):
    growth.main(config(tmp_path, only=("judge-pixels",)))
    assert [options["value"] for _, options in asked] == [20, 40]
    assert {module for module, _ in asked} == {"benchmarks.contestants.growing_judge"}
    told = capsys.readouterr().out
    assert "judge-pixels: a judging, by faces judged" in told
    assert "round-batch" not in told


def test_a_dry_run_measures_nothing_and_says_what_is_there(tmp_path, asked, capsys, no_figures):
    growth.main(config(tmp_path, only=("judge-pixels",)))
    asked.clear()
    capsys.readouterr()
    wanted = ("judge-pixels", "run-folder")
    growth.main(config(tmp_path, only=wanted, judged=(20, 80), dry_run=True))
    told = capsys.readouterr().out.splitlines()
    assert asked == []
    assert told[0] == "judge-pixels 20: is there"
    assert told[1].startswith("judge-pixels 80: python -m benchmarks.contestants.growing_judge ")
    assert len(told) == 4


# ---- kept and shown ----


def test_points_that_are_there_are_not_measured_again(tmp_path, asked, no_figures):
    growth.main(config(tmp_path))
    assert len(asked) == 14
    growth.main(config(tmp_path))
    assert len(asked) == 14
    growth.main(config(tmp_path, judged=(20, 80)))
    assert [options["value"] for _, options in asked[14:]] == [80]
    growth.main(config(tmp_path, windows=2, only=("round-size",)))
    assert len(asked) == 16


def test_a_point_that_failed_is_measured_again_and_a_line_cut_off_is_passed_over(
    tmp_path, monkeypatch, capsys, no_figures
):
    failed = {"status": rows.OUT_OF_MEMORY, "message": "the system killed the process"}

    def ask(module, options):
        if options["value"] == 40:
            return {**options, **failed}
        return answer(options)

    monkeypatch.setattr(rows, "ask", ask)
    growth.main(config(tmp_path, only=("judge-pixels",)))
    assert "out of memory: the system killed the process" in capsys.readouterr().out
    with open(tmp_path / growth.LINES, "a") as lines:
        lines.write('{"series": "judge-pix')
    monkeypatch.setattr(rows, "ask", lambda module, options: answer(options))
    growth.main(config(tmp_path, only=("judge-pixels",)))
    with open(tmp_path / growth.TABLE, newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["value"], row["status"]) for row in found] == [
        ("20", "measured"),
        ("40", "measured"),
    ]


@pytest.mark.slow
def test_the_table_has_a_line_a_point_and_the_seconds_of_the_processor(tmp_path, asked):
    growth.main(config(tmp_path))
    with open(tmp_path / growth.TABLE, newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == list(growth.IN_THE_FILE)
    assert len(found) == 14
    last = found[-1]
    assert (last["series"], last["value"], last["date"]) == ("run-folder", "2", "today")
    assert float(last["processor_seconds"]) == 0.02
    assert float(last["checksum_seconds"]) == 3.0
    assert int(last["added_bytes"]) == 4000
    for name in (growth.ROUND_FIGURE, growth.WORK_FIGURE):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_the_table_keeps_the_points_that_are_not_asked_for_now(tmp_path, asked, no_figures):
    """`--only round-batch --batch 4` adds to the curves that are there, and drops none of them."""
    growth.main(config(tmp_path))
    growth.main(config(tmp_path, only=("judge-pixels",), batch=(4,), judged=(30,)))
    growth.main(config(tmp_path, only=("judge-pixels",), judged=(50,), windows=2))
    growth.main(config(tmp_path, only=("judge-pixels",), judged=(30,)))
    with open(tmp_path / growth.TABLE, newline="") as file:
        found = [(row["series"], int(row["value"])) for row in csv.DictReader(file)]
    assert len(found) == 15
    assert found[:2] == [("round-batch", 2), ("round-batch", 4)]
    assert [value for name, value in found if name == "judge-pixels"] == [20, 30, 40]


def test_nothing_but_failures_is_an_error(tmp_path, monkeypatch):
    failed = {"status": rows.FAILED, "message": "the sky is green"}
    monkeypatch.setattr(rows, "ask", lambda module, options: {**options, **failed})
    with pytest.raises(ValueError, match=r"none of the 1 rows .*failed \(the sky is green\)"):
        growth.main(config(tmp_path, only=("round-size",)))


@pytest.mark.parametrize("ending", [None, KeyboardInterrupt])
def test_what_a_point_writes_to_the_disk_is_deleted(ending, tmp_path, monkeypatch, no_figures):
    folders = []

    def ask(module, options):
        folder = Path(options["scratch"])
        folders.append(folder)
        (folder / "faces.npy").write_bytes(b"many")
        if ending is not None:
            raise ending
        return answer(options)

    monkeypatch.setattr(rows, "ask", ask)
    wanted = config(tmp_path, only=("data-file",))
    if ending is None:
        growth.main(wanted)
    else:
        with pytest.raises(ending):
            growth.main(wanted)
    assert folders
    assert not any(folder.exists() for folder in folders)
    assert {folder.parent for folder in folders} == {tmp_path}
    assert all("scratch" not in row for row in rows.read(tmp_path / growth.LINES))


@pytest.mark.parametrize("power", [0.0, 1.0, 2.5])
def test_the_exponent_of_a_power_is_that_power(power):
    points = [{"value": n, "y": 3.0 * n**power} for n in (10, 70)]
    found = growth.exponent(points[1], points[0], lambda row: row["y"])
    assert found == pytest.approx(power)


def test_there_is_no_exponent_without_two_points_that_have_the_value():
    point = {"value": 10, "y": 1.0}
    assert growth.exponent(point, None, lambda row: row["y"]) is None
    assert growth.exponent(point, {"value": 5}, lambda row: row.get("y")) is None
    assert growth.exponent(point, point, lambda row: row["y"]) is None


def test_the_table_on_the_screen_has_times_powers_and_memory(tmp_path, asked, capsys, no_figures):
    growth.main(config(tmp_path, only=("judge-pixels",)))
    told = capsys.readouterr().out
    line = next(line for line in told.splitlines() if line.startswith("│           40"))
    for words in ("400", "n^1.00", "800 (400 – 1,200)", "502", "2", "n^2.00", "0"):
        assert words in line


def test_a_figure_of_a_few_points_has_a_line_of_slope_one(monkeypatch):
    monkeypatch.setattr(growth_plots.plots, "save", lambda figure, path: figure)
    found = [answer({"series": "data-file", "value": n}) for n in (100, 1000)]
    figure = growth_plots.of_work(found, growth.SERIES, None)
    axis = figure.axes[1]
    assert (axis.get_xscale(), axis.get_yscale()) == ("log", "log")
    straight, _ = axis.get_lines()
    x, y = straight.get_data()
    assert np.log(y[1] / y[0]) / np.log(x[1] / x[0]) == pytest.approx(1.0)
    assert y[-1] == pytest.approx(10.0)  # through the last point


# ---- options ----


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"only": ("rounds",)}, "only must be one of round-batch"),
        ({"size": (48,)}, "size must be one of 32, 64, 96, 128"),
        ({"batch": (0,)}, "batch must be a whole number from 2"),
        ({"pictures": (7,)}, "pictures must be a whole number from 100"),
        ({"epochs": ()}, "epochs must be at least one"),
        ({"windows": 0}, "windows must be a whole number from 1 to 1000000"),
    ],
)
def test_wrong_options(wrong, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        config(tmp_path, **wrong)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "rounds"], "--only must be one of round-batch"),
        (["--out", "FILE"], "growth.jsonl cannot be written"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments, words, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    given = [str(tmp_path / "file") if word == "FILE" else word for word in arguments]
    with pytest.raises(SystemExit) as end:
        growth.run(growth.Config, growth.main, "", "growth", arguments=given)
    assert end.value.code == 2
    told = capsys.readouterr().err.strip()
    assert words in told
    assert len(told.splitlines()) == 1


# ---- the contestants ----


@pytest.fixture
def _devices_stay(monkeypatch):
    """Which devices there are is settled before a process computes, and this one has."""
    monkeypatch.setattr(devices, "use", lambda device: "CPU")


def check_point(row, options):
    """It is a point, and is found again by its options, which it leaves as they are."""
    assert growth.point_of(options, [{**options, "status": rows.MEASURED, **row}])
    assert row["seconds"] > 0.0
    assert row["processor_seconds"] >= 0.0
    assert row["quartiles"][0] <= row["seconds"] <= row["quartiles"][1]
    assert row["memory_bytes"] > 1e8  # TensorFlow alone is more
    assert json.dumps(row)


@pytest.mark.slow
@pytest.mark.usefixtures("_devices_stay")
@pytest.mark.parametrize("way", ["file", "memory", "zip"])
def test_a_data_set_is_measured(way, tmp_path, monkeypatch):
    monkeypatch.setattr(growing_data, "DRAWN", 30)
    monkeypatch.setattr(growing_data, "BATCHES", 2)
    options = {
        "way": way,
        "value": 100,
        "size": 16,
        "batch": 8,
        "windows": 2,
        "device": "cpu",
        "scratch": str(tmp_path),
    }
    row = growing_data.measure(options)
    check_point(row, options)
    if way == "file":
        (cached,) = tmp_path.rglob("images.uint8")
        assert cached.stat().st_size == row["disk_bytes"] == 100 * 16 * 16 * 3
        images = np.fromfile(cached, np.uint8).reshape(-1, 16, 16, 3)
        np.testing.assert_array_equal(images[90:], images[:10])  # the same 30, over and over
        assert row["checksum_seconds"]["clock"] > 0.0


@pytest.mark.slow
@pytest.mark.usefixtures("_devices_stay")
def test_faces_for_which_the_disk_has_no_room_are_refused_before_any_is_written(tmp_path):
    options = {"way": "file", "value": 10**8, "size": 1024, "scratch": str(tmp_path)}
    words = r"growth: 314574.8 GB of free disk are needed in --out, of which 2 stay free, .*fewer"
    with pytest.raises(ValueError, match=words):
        growing_data.measure({**options, "device": "cpu", "batch": 8, "windows": 1})
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("_devices_stay")
def test_a_judging_is_measured():
    options = {"judge": "pixels", "value": 20, "size": 32, "windows": 1, "device": "cpu"}
    check_point(growing_judge.measure(options), options)


@pytest.mark.slow
@pytest.mark.usefixtures("_devices_stay")
def test_a_round_is_one_of_those_between_two_penalties(monkeypatch):
    """Four rounds are played at a time, of which one has the penalty; a point is their mean."""
    played = []

    class Trainer:
        def rounds(self, sampler, count):
            played.append(count)

    def build(config):
        assert (config.width, config.penalty_every, config.gamma) == (1, 4, 1.0)
        assert config.average
        return Trainer()

    monkeypatch.setattr(growing_round.training, "build", build)
    monkeypatch.setattr(growing_round, "bytes_of_state", lambda trainer: 20)
    monkeypatch.setattr(
        rows,
        "windows",
        lambda play, drain, count: {
            **rows.summary([8.0]),
            "processor_seconds": 4.0,
            "rounds_a_window": play(3) or 3,
        },
    )
    row = growing_round.measure({"field": "width", "value": 1, "windows": 1, "device": "cpu"})
    assert played == [12]
    assert (row["seconds"], row["processor_seconds"]) == (2.0, 1.0)
    assert row["rounds_a_window"] == 12
    assert row["state_bytes"] == 20


@pytest.mark.slow
@pytest.mark.usefixtures("_devices_stay")
def test_a_run_folder_is_measured_and_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(growing_run_folder, "JUDGED", 64)
    options = {"value": 4, "device": "cpu", "windows": 3, "scratch": str(tmp_path)}
    row = growing_run_folder.measure(options)
    check_point(row, options)
    folder = tmp_path / "run"
    every = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    kinds = ("checkpoints", "samples", "tables", "other")
    assert row["disk_bytes"] == every == sum(row[f"{kind}_bytes"] for kind in kinds)
    assert len(list((folder / "samples").iterdir())) == 4
    assert (folder / "training.gif").exists()
    assert len((folder / "epochs.csv").read_text().splitlines()) == 1 + 4
    steps = [int(line.split(",")[0]) for line in (folder / "log.csv").read_text().split()[1:]]
    assert steps[-1] == 4 * (20_000 // 32)
    assert len(steps) == 4 * 63
    names = sorted(path.name for path in (folder / "checkpoints").iterdir())
    assert len(names) == 4
    assert names[0] == "best.npz"


def test_the_judge_of_a_run_folder_finds_every_third_epoch_better():
    faces = np.zeros([32, 32, 32, 3], np.uint8)
    judge = growing_run_folder.MeasuredOnce(faces)
    found = [judge.combined(judge.row) for _ in range(7)]
    assert [i for i in range(7) if found[i] < min([np.inf, *found[:i]])] == [0, 3, 6]


# ---- what they measure with ----


def test_the_seconds_of_the_processor_are_those_of_the_windows_that_count(monkeypatch):
    now = {"clock": 0.0, "processor": 0.0}
    monkeypatch.setattr(rows.time, "perf_counter", lambda: now["clock"])
    monkeypatch.setattr(rows.time, "process_time", lambda: now["processor"])

    def play(n):
        now["clock"] += 2.0 * n
        now["processor"] += 3.0 * n

    times = rows.windows(play, lambda: None, count=2, rounds=5)
    assert (times["seconds"], times["processor_seconds"]) == (2.0, 3.0)
    assert times["first_call_seconds"] == 2.0
    part = rows.of_one_part(times, 4)
    assert (part["seconds"], part["processor_seconds"]) == (0.5, 0.75)
    assert part["quartiles"] == [0.5, 0.5]
    assert part["rounds_a_window"] == 20


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells")
def test_the_peak_of_a_process_is_not_that_of_the_one_that_started_it():
    code = "from benchmarks.measure import devices; print(devices.peak_memory('CPU')[0])"
    held = np.ones(300_000_000, np.uint8)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"\d+\n", done.stdout)
    assert 1e6 < int(done.stdout) < held.nbytes


def test_what_was_there_before_is_of_the_memory_whose_peak_is_told(monkeypatch):
    """On a GPU the peak is the device's, so the process's own memory is no part of it."""
    info = {"current": 300, "peak": 1000}
    monkeypatch.setattr(tf.config.experimental, "get_memory_info", lambda device: info)
    assert devices.peak_memory("GPU")[0] - devices.memory_in_use("GPU") == 700
    assert devices.memory_in_use("CPU") == pytest.approx(devices.resident_memory(), rel=0.1)


@pytest.mark.parametrize("module", [growing_round, growing_judge])
def test_the_points_that_may_be_of_a_gpu_ask_for_its_memory_before(module, monkeypatch):
    class Asked(Exception):
        pass

    def memory_in_use(kind):
        assert kind == "GPU"
        raise Asked

    monkeypatch.setattr(devices, "use", lambda device: "GPU")
    monkeypatch.setattr(devices, "memory_in_use", memory_in_use)
    options = {"field": "width", "value": 2, "size": 32, "device": "gpu:0", "windows": 1}
    with pytest.raises(Asked):
        module.measure(options)


def test_a_system_that_tells_nothing_of_a_process_has_a_peak_all_the_same(monkeypatch):
    def missing(self, **options):
        raise FileNotFoundError

    monkeypatch.setattr(devices.Path, "read_text", missing)
    assert devices.resident_memory() is None
    assert devices.peak_memory("CPU")[0] > 1e7
