"""A run folder: what is in it, what it refuses, and that its log always fits its checkpoint."""

import dataclasses
import errno
import json
import math
import os
import pathlib
import shutil

import numpy as np
import pytest
import tensorflow as tf

from gan_core.runs import checkpoint
from gan_core.runs.checkpoint import CheckpointError
from gan_core.runs.run_folder import RunFolder


@dataclasses.dataclass(frozen=True)
class Config:
    rounds: int = 1000
    rate: float = 2e-4
    sizes: tuple = (64, 64)
    data: pathlib.Path = pathlib.Path("faces.zip")


def state(fill=0.0):
    return {"x": tf.Variable([fill, fill]), "step": tf.Variable(0, dtype=tf.int64)}


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run", Config(), resume_command="python -m my --resume run")


def contents(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


# ---------------------------------------------------------------- create


def test_a_new_run_holds_its_config_and_its_folders(run):
    assert json.loads((run.path / "config.json").read_text()) == {
        "rounds": 1000,
        "rate": 2e-4,
        "sizes": [64, 64],
        "data": "faces.zip",
    }
    visible = sorted(p.name for p in run.path.glob("[!.]*"))
    assert visible == ["checkpoints", "config.json", "samples"]
    assert run.latest() is None
    assert run.step() == 0
    assert run.rows() == {}


def test_what_is_remembered_is_there_for_the_next_and_nothing_else_changes(tmp_path):
    run = RunFolder.create(tmp_path / "run", {"epochs": 3, "width": 7})
    run.remember(epochs=5, fall=0.5)
    assert RunFolder.resume(tmp_path / "run").config == {"epochs": 5, "width": 7, "fall": 0.5}
    before = (tmp_path / "run" / "config.json").stat().st_ino
    run.remember(epochs=5)
    assert (tmp_path / "run" / "config.json").stat().st_ino == before  # not written again


@pytest.mark.parametrize(
    "what", ["config.json", "holiday.jpg", ".hidden", "checkpoints/step_00000001.npz"]
)
def test_create_refuses_a_folder_with_anything_in_it(tmp_path, what):
    file = tmp_path / "run" / what
    file.parent.mkdir(parents=True)
    file.write_text("precious")
    before = contents(tmp_path)
    for refused in (RunFolder.create, RunFolder.check_new):
        with pytest.raises(
            ValueError,
            match=r"RunFolder\.create: .*run is not empty\. Resume .* nothing was overwritten",
        ):
            refused(tmp_path / "run")
        assert contents(tmp_path) == before


def test_create_takes_an_empty_folder_and_what_a_killed_create_left(tmp_path):
    for folder in ("checkpoints", "samples"):
        (tmp_path / "run" / folder).mkdir(parents=True)
    (tmp_path / "run" / ".config.json.0.unfinished").write_text('{"rou')
    RunFolder.check_new(tmp_path / "run")
    RunFolder.create(tmp_path / "run", {"a": 1})
    assert contents(tmp_path / "run") == {"config.json": b'{\n  "a": 1\n}\n'}
    assert RunFolder.resume(tmp_path / "run").config == {"a": 1}


def test_create_below_a_file_or_on_one(tmp_path):
    (tmp_path / "file").write_text("precious")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        for refused in (RunFolder.create, RunFolder.check_new):
            with pytest.raises(
                ValueError, match=r"RunFolder\.create: .* cannot be made: .* Choose another folder"
            ):
                refused(path)
    assert contents(tmp_path) == {"file": b"precious"}


def test_looking_whether_a_folder_is_free_makes_nothing(tmp_path):
    RunFolder.check_new(tmp_path / "a" / "run")
    assert not list(tmp_path.iterdir())


def test_create_on_a_disk_that_cannot_be_written(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(pathlib.Path, "mkdir", fail)
    with pytest.raises(ValueError, match=r"RunFolder\.create: .* Read-only file system"):
        RunFolder.create(tmp_path / "run", {})


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            {"loss": open},
            "config field loss must be made of numbers, texts, paths, lists and dicts, got <built-in",
        ),
        ({"a": {"b": [{1, 2}]}}, "config field a must be made of"),
        ({"a": {(1, 2): 3}}, "config field a must be made of"),
        (Config, "config must be a dataclass or a dict, got <class"),
        ("rounds=3", "config must be a dataclass or a dict, got 'rounds=3'"),
    ],
)
def test_a_config_that_json_cannot_express_is_refused_before_anything_is_made(
    tmp_path, config, words
):
    with pytest.raises(ValueError, match=f"RunFolder: {words}"):
        RunFolder.create(tmp_path / "run", config)
    assert not (tmp_path / "run").exists()


def test_bad_options_make_no_folder(tmp_path):
    with pytest.raises(
        ValueError, match="RunFolder: keep must be a whole number of at least 1, got 0"
    ):
        RunFolder.create(tmp_path / "run", {}, keep=0)
    assert not (tmp_path / "run").exists()


def test_configs_come_back_equal(tmp_path):
    """Tuples, paths, NumPy's numbers, NaN: a run can be resumed with the very config it was made
    with.
    """
    config = {
        "tuple": (1, (2, 3)),
        "path": tmp_path,
        "float": np.float32(0.1),
        "int": np.int64(3),
        "none": None,
        "nan": math.nan,
        "inf": math.inf,
        "text": "ünïcode",
        "dict": {"a": True},
    }
    RunFolder.create(tmp_path / "run", config)
    assert RunFolder.resume(tmp_path / "run", config).config["tuple"] == [1, [2, 3]]


# ---------------------------------------------------------------- resume


def test_resume_names_every_field_that_changed(run):
    before = contents(run.path)
    with pytest.raises(ValueError, match="was started with another config") as error:
        RunFolder.resume(run.path, Config(rate=0.5, sizes=(64, 32)))
    assert "rate was 0.0002 and is now 0.5; sizes was [64, 64] and is now [64, 32]." in str(
        error.value
    )
    assert "rounds" not in str(error.value)
    assert contents(run.path) == before


def test_resume_names_fields_that_came_and_went(run):
    config = dataclasses.asdict(Config())
    del config["rate"]
    with pytest.raises(
        ValueError,
        match=r"rate was 0\.0002 and is now not there; new was not there and is now null",
    ):
        RunFolder.resume(run.path, {**config, "new": None})


def test_resume_lets_change_what_may(run):
    assert (
        RunFolder.resume(run.path, Config(rounds=2000), may_change=["rounds"]).config["rounds"]
        == 2000
    )
    assert RunFolder.resume(run.path).config["rounds"] == 1000
    with pytest.raises(ValueError, match="rounds was 1000 and is now 2000"):
        RunFolder.resume(run.path, Config(rounds=2000), may_change=["rate"])


@pytest.mark.parametrize("path", [".", "none", "file", "file/below"])
def test_resume_of_what_is_no_run_folder(tmp_path, path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(
        ValueError,
        match=r"RunFolder\.resume: .* is not a run folder: it has no config\.json\. Give",
    ):
        RunFolder.resume(tmp_path / path)
    assert contents(tmp_path) == {"file": b"precious"}


@pytest.mark.parametrize(
    "text", ["", "{", "[1, 2]", "null", '{"a": 1', "\x00\x00\x00", "rounds: 3"]
)
def test_resume_with_a_broken_config(run, text):
    (run.path / "config.json").write_text(text)
    with pytest.raises(
        ValueError,
        match=r"RunFolder\.resume: .*config\.json cannot be read: .* Restore the config",
    ):
        RunFolder.resume(run.path)
    assert (run.path / "config.json").read_text() == text


def test_resume_with_a_config_that_is_a_folder_or_no_text(run):
    (run.path / "config.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="cannot be read"):
        RunFolder.resume(run.path)
    (run.path / "config.json").unlink()
    (run.path / "config.json").mkdir()
    with pytest.raises(ValueError, match=r"cannot be read: .*Is a directory"):
        RunFolder.resume(run.path)


# ---------------------------------------------------------------- checkpoints


def names(run):
    return sorted(p.name for p in run.checkpoints.iterdir())


def test_the_last_few_and_the_best_are_kept(tmp_path):
    run = RunFolder.create(tmp_path / "run", {}, keep=2)
    run.save_best(state(), 1, 0.5)
    for step in (1, 2, 3, 40):
        run.save(state(), step)
    assert names(run) == ["best.npz", "step_00000003.npz", "step_00000040.npz"]
    assert run.step() == 40


def test_newest_means_the_largest_number_and_not_the_last_name(tmp_path):
    run = RunFolder.create(tmp_path / "run", {}, keep=2)
    for step in (99_999_998, 99_999_999, 100_000_000):
        run.save(state(), step)
    assert run.step() == 100_000_000
    assert names(run) == ["step_100000000.npz", "step_99999999.npz"]


def test_strange_files_among_the_checkpoints_are_left_alone(run):
    for name in ("step_9.npz", "step_00000009.npz.bak", "step_0000000x.npz", "my_best.npz"):
        (run.checkpoints / name).write_text("?")
    for step in range(1, 6):
        run.save(state(), step)
    assert run.step() == 5
    assert len(names(run)) == 3 + 4


def test_restore_takes_the_newest_and_says_where_it_stands(run):
    variables = state()
    assert run.restore(variables) == 0
    run.save(state(1.0), 5)
    run.save(state(2.0), 10)
    assert run.restore(variables) == 10
    assert variables["x"].numpy().tolist() == [2.0, 2.0]


def test_a_damaged_checkpoint_is_told_and_the_one_before_takes_its_place(run):
    variables = state(7.0)
    run.save(state(1.0), 5)
    run.save(state(2.0), 10)
    run.latest().write_bytes(run.latest().read_bytes()[:-30])
    with pytest.raises(
        CheckpointError, match=r"step_00000010\.npz cannot be read .* Remove it to resume"
    ):
        run.restore(variables)
    assert variables["x"].numpy().tolist() == [7.0, 7.0]
    run.latest().unlink()
    assert run.restore(variables) == 5


def test_the_best_is_replaced_by_better_ones_only(run):
    values = [math.nan, math.inf, 3.0, 3.0, 4.0, np.float32(2.5), math.nan, 2.6]
    assert [run.save_best(state(float(i)), i, value) for i, value in enumerate(values)] == [
        False,
        False,
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert checkpoint.read_note(run.checkpoints / "best.npz") == {"step": 5, "value": 2.5}
    best = state()
    checkpoint.restore(run.checkpoints / "best.npz", best)
    assert best["x"].numpy().tolist() == [5.0, 5.0]


def test_a_best_that_cannot_be_read_is_told_and_not_overwritten(run):
    (run.checkpoints / "best.npz").write_text("precious")
    with pytest.raises(CheckpointError, match=r"best\.npz cannot be read"):
        run.save_best(state(), 1, 0.5)
    assert (run.checkpoints / "best.npz").read_text() == "precious"


def test_what_a_killed_process_left_is_cleaned_up_by_the_next_save(run):
    (run.checkpoints / ".step_00000003.npz.0.unfinished").write_bytes(b"half")
    assert run.step() == 0
    run.save(state(), 5)
    assert names(run) == ["step_00000005.npz"]


def test_a_full_disk_says_how_to_go_on_and_keeps_the_checkpoints(run):
    run.save(state(1.0), 5)
    before = contents(run.path)

    def full(*_):
        with open("/dev/full", "wb", buffering=0) as disk:  # every write there is ENOSPC
            disk.write(b"half")

    words = r"No space left on device\. Make room .* Then resume: python -m my"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoint, "_savez", full)
        with pytest.raises(CheckpointError, match=words):
            run.save_best(state(2.0), 10, 0.5)
    assert contents(run.path) == before

    def fail(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(
            CheckpointError, match=r"step_00000010\.npz .*No space.* resume: python -m my"
        ):
            run.save(state(2.0), 10)
    assert contents(run.path) == before


def test_a_folder_that_vanished(run):
    shutil.rmtree(run.path)
    with pytest.raises(ValueError, match=r"RunFolder\.restore: .*run is gone\. Put it back"):
        run.restore(state())
    for write in (
        lambda: run.save(state(), 5),
        lambda: run.log({"step": 5}),
        lambda: run.save_best(state(), 5, 1.0),
    ):
        with pytest.raises(
            CheckpointError, match=r"Its folder is gone.* Then resume: python -m my"
        ):
            write()
    assert not run.path.exists()
