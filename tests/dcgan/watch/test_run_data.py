"""A run folder as plain data: whole, while it is written, broken; and never touched."""

import json
import os
import sys
import threading
import time

import numpy as np
import pytest

from dcgan.watch import run_data
from dcgan.watch.run_data import RunReader
from gan_core import files

PNG = run_data.PNG_START + b"pixels" + run_data.PNG_END


@pytest.fixture
def folder(tmp_path):
    """A run after two epochs."""
    run = tmp_path / "run"
    for name in ("samples", "checkpoints", "generator"):
        (run / name).mkdir(parents=True)
    (run / "config.json").write_text(json.dumps({"epochs": 4, "batch_size": 16}))
    (run / "log.csv").write_text("step,d_loss,g_loss\n10,0.5,1.5\n20,nan,1.25\n")
    (run / "epochs.csv").write_text("epoch,step,distance_mean,combined\n1,10,90,3\n2,20,80,2.5\n")
    judge = {"judge": "pixels", "floor": {"distance of pixels": 48.0, "patches at 64 pixels": 20.0}}
    (run / "judge.json").write_text(json.dumps(judge))
    for epoch in (1, 2):
        (run / "samples" / f"epoch_{epoch:04d}.png").write_bytes(PNG)
        (run / "checkpoints" / f"step_{10 * epoch:08d}.npz").write_bytes(b"x")
    (run / "checkpoints" / "best.npz").write_bytes(b"x")
    return run


def test_a_whole_run(folder):
    data = RunReader(folder).read()
    assert data.config["epochs"] == 4
    np.testing.assert_array_equal(data.log["step"], [10.0, 20.0])
    np.testing.assert_array_equal(data.log["d_loss"], [0.5, np.nan])
    np.testing.assert_array_equal(data.epochs["combined"], [3.0, 2.5])
    assert data.floor == {"distance_mean": 48.0, "distance_64": 20.0}
    assert list(data.sheets) == [1, 2]
    assert data.checkpoint == 20
    assert not data.exported
    assert abs(data.changed - time.time()) < 60.0
    assert data.problems == ()


def test_a_new_run_has_nothing_yet(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    data = RunReader(tmp_path).read()
    assert (data.log, data.epochs, data.floor, data.sheets) == ({}, {}, {}, {})
    assert data.checkpoint is None
    assert data.problems == ()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "has no config.json"),
        ("", "whose config.json can be read"),
        ('{"epochs": ', "whose config.json can be read"),
        ("[1, 2]", "it is not a JSON object"),
    ],
)
def test_what_is_no_run_is_refused(content, words, tmp_path):
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    with pytest.raises(ValueError, match=words) as refused:
        RunReader(tmp_path)
    assert str(refused.value).startswith("watch: RUN must be ")
    assert str(tmp_path) in str(refused.value)


def test_a_path_that_does_not_exist_is_told_as_such(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere, which does not exist"):
        RunReader(tmp_path / "nowhere")


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(ValueError, match="watch: RUN must be folders of runs"):
        RunReader(tmp_path / "run")


@pytest.mark.parametrize("cut", range(1, 18))
def test_half_a_row_is_left_out(cut, folder):
    """Wherever the process was when we looked."""
    whole = "step,d_loss,g_loss\n10,0.5,1.5\n"
    row = "20,0.25,1.25e-01\n"
    (folder / "log.csv").write_text(whole + row[:cut])
    rows = RunReader(folder).read().log["step"]
    np.testing.assert_array_equal(rows, [10.0, 20.0][: 1 + (cut == len(row))])


def test_half_a_header_is_no_column(folder):
    (folder / "log.csv").write_text("step,d_lo")
    assert RunReader(folder).read().log == {}
    (folder / "log.csv").write_text("")
    assert RunReader(folder).read().log == {}


def test_rows_that_are_none_are_left_out(folder):
    text = "step,d_loss\n10,0.5\n\x00\x00\x00\n20,zz\n30\n40,0.5,7\n50,0.75\n"
    (folder / "log.csv").write_bytes(text.encode() + b"60,\xff\n")
    np.testing.assert_array_equal(RunReader(folder).read().log["step"], [10.0, 50.0])


def test_what_cannot_be_read_is_told_and_the_last_state_stays(folder):
    reader = RunReader(folder)
    before = reader.read()
    (folder / "judge.json").write_text('{"floor": {"distance of pix')
    (folder / "config.json").write_text("")
    data = reader.read()
    assert data.floor == before.floor
    assert data.config == before.config
    assert len(data.problems) == 2
    assert "judge.json cannot be read at the moment" in " ".join(data.problems)
    (folder / "judge.json").write_text('{"floor": {"distance of pixels": 1}}')
    (folder / "config.json").write_text('{"epochs": 9}')
    data = reader.read()
    assert (data.floor, data.config, data.problems) == ({"distance_mean": 1.0}, {"epochs": 9}, ())


def test_nonsense_of_any_kind_is_told(folder):
    reader = RunReader(folder)
    reader.read()
    for text in ("[" * 100_000, "null", '"x"', "{}x", "\x00", "1" * 5000):
        (folder / "judge.json").write_text(text)
        assert len(reader.read().problems) == 1, text[:10]
    (folder / "judge.json").write_text('{"floor": {}}')
    (folder / "log.csv").write_text('"' + "x" * 200_000 + "\n1\n")
    assert "log.csv" in " ".join(reader.read().problems)


def test_a_judge_file_of_another_kind_is_told(folder):
    reader = RunReader(folder)
    for text in ("[]", "{}", '{"floor": 3}', '{"floor": {"x": "y"}}', '{"floor": {"x": null}}'):
        (folder / "judge.json").write_text(text)
        assert "judge.json" in reader.read().problems[0], text


def test_a_folder_that_is_gone_is_told(folder):
    reader = RunReader(folder)
    folder.rename(folder.with_name("elsewhere"))
    data = reader.read()
    assert data.problems == ("The folder is gone.",)
    assert data.changed is None
    assert reader.sheet(1) is None


def test_files_are_read_again_only_when_they_changed(folder, monkeypatch):
    reader = RunReader(folder)
    first = reader.read()
    second = reader.read()
    assert second.log is first.log
    assert second.epochs is first.epochs
    with open(folder / "log.csv", "a") as file:
        file.write("30,0.5,1.5\n")
    third = reader.read()
    assert third.epochs is first.epochs
    np.testing.assert_array_equal(third.log["step"], [10.0, 20.0, 30.0])


def test_a_file_of_the_same_size_and_time_that_took_its_place_is_read(folder):
    reader = RunReader(folder)
    reader.read()
    times = os.stat(folder / "log.csv")
    new = folder / "new"
    new.write_text((folder / "log.csv").read_text().replace("1.25", "8.75"))
    os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
    os.replace(new, folder / "log.csv")
    assert reader.read().log["g_loss"][1] == 8.75


def test_a_huge_file_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(run_data, "MOST_BYTES", 30)
    data = RunReader.__new__(RunReader)
    data.path = folder
    data._kept = {}
    assert "log.csv has more than 30 bytes" in " ".join(data.read().problems)


# ---- sheets ----


def test_a_sheet_is_found_by_its_number_alone(folder):
    reader = RunReader(folder)
    assert reader.sheet(2) == PNG
    assert reader.sheet(3) is None
    assert reader.sheet(-1) is None


@pytest.mark.parametrize("content", [b"", PNG[:8], PNG[:-1], b"GIF89a" + PNG[6:]])
def test_half_a_sheet_is_none(content, folder):
    (folder / "samples" / "epoch_0002.png").write_bytes(content)
    assert RunReader(folder).sheet(2) is None


def test_other_files_are_no_sheets_and_no_checkpoints(folder):
    for name in ("epoch_x.png", ".epoch_0007.png.1.unfinished", "epoch_0008.png.txt", "a.png"):
        (folder / "samples" / name).write_bytes(PNG)
    for name in ("step_99.npz", "step_00000099.npz.unfinished", ".step_00000098.npz.x.unfinished"):
        (folder / "checkpoints" / name).write_bytes(b"x")
    data = RunReader(folder).read()
    assert list(data.sheets) == [1, 2]
    assert data.checkpoint == 20


def test_checkpoints_that_are_replaced_while_it_looks_are_no_missing_ones(folder, monkeypatch):
    stamp = run_data._stamp

    def replaced(file):
        """A training removes both checkpoints after it has written a newer one."""
        checkpoints = folder / "checkpoints"
        if file.parent == checkpoints and file.name == "step_00000010.npz":
            (checkpoints / "step_00000030.npz").write_bytes(b"x")
            for old in (10, 20):
                (checkpoints / f"step_{old:08d}.npz").unlink()
        return stamp(file)

    monkeypatch.setattr(run_data, "_stamp", replaced)
    assert RunReader(folder).read().checkpoint == 30


def test_another_sheet_of_the_same_epoch_has_another_version(folder):
    reader = RunReader(folder)
    before = reader.read().sheets
    os.utime(folder / "samples" / "epoch_0002.png", ns=(1, 1))
    after = reader.read().sheets
    assert after[1] == before[1]
    assert after[2] != before[2]


# ---- beside a training, and read-only ----


def train(folder, stop, faults):
    """What a training does with its files, as fast as it can: append, replace, remove."""
    try:
        rows = ["epoch,step,combined"]
        for i in range(3, 10**6):
            if stop.is_set():
                return
            with open(folder / "log.csv", "a") as file:
                line = f"{10 * i},0.5,{i / 7}\n"
                file.write(line[:5])
                file.flush()
                file.write(line[5:])
            rows.append(f"{i},{10 * i},{1 / i}")
            files.text_atomically(folder / "epochs.csv", "\n".join(rows[:1] + rows[-50:]) + "\n")
            new = folder / "checkpoints" / f"step_{10 * i:08d}.npz"
            files.write_atomically(new, lambda file: file.write(b"x"))
            (folder / "checkpoints" / f"step_{10 * (i - 2):08d}.npz").unlink()
            sheet = folder / "samples" / f"epoch_{i % 3 + 1:04d}.png"
            files.write_atomically(sheet, lambda file: file.write(PNG))
    except Exception as error:
        faults.append(error)


def test_beside_a_training_every_look_is_consistent(folder):
    """No exception, no half row, never fewer rows than before, every sheet whole."""
    stop = threading.Event()
    faults = []
    training = threading.Thread(target=train, args=[folder, stop, faults])
    training.start()
    try:
        reader = RunReader(folder)
        rows = 0
        looks = 0
        until = time.monotonic() + 30.0
        while (looks < 150 or rows < 10) and time.monotonic() < until:
            looks += 1
            data = reader.read()
            step = data.log["step"]
            assert len(step) >= rows
            np.testing.assert_array_equal(np.diff(step), 10.0)
            np.testing.assert_array_equal(data.epochs["step"], 10.0 * data.epochs["epoch"])
            assert data.problems == ()
            assert data.checkpoint is not None
            assert reader.sheet(1) == PNG
            rows = len(step)
        assert rows >= 10
    finally:
        stop.set()
        training.join()
    assert faults == []


OPENED = []  # what is opened, locked, made or removed while `recording`
recording = False


def _record(event, arguments):
    if not recording:
        return
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or (isinstance(mode, str) and set(mode) & set("wax+")):
            OPENED.append((event, path))
    elif event.startswith(("fcntl.", "msvcrt.")) or event in (
        "os.remove",
        "os.rename",
        "os.mkdir",
        "os.rmdir",
        "os.utime",
        "os.chmod",
        "os.truncate",
        "os.link",
        "os.symlink",
    ):
        OPENED.append((event, *arguments[:1]))


def snapshot(folder):
    paths = sorted(folder.rglob("*"))
    return [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths]


def test_nothing_is_written_and_nothing_locked(folder):
    """Python tells of every file that is opened or locked."""
    global recording
    sys.addaudithook(_record)
    (folder / ".lock").write_text("")
    before = snapshot(folder)
    OPENED.clear()
    recording = True
    try:
        reader = RunReader(folder)
        reader.read()
        (folder / "log.csv").stat()
        reader.read()
        reader.sheet(1)
    finally:
        recording = False
    assert OPENED == []
    assert snapshot(folder) == before


def test_the_recording_would_notice(tmp_path):
    global recording
    sys.addaudithook(_record)
    OPENED.clear()
    recording = True
    try:
        (tmp_path / "x").write_text("")
    finally:
        recording = False
    assert OPENED


@pytest.mark.slow
def test_it_needs_no_tensorflow():
    import subprocess

    code = (
        "import sys\n"
        "from dcgan.watch import charts, command, results, run_data, series, worker\n"
        "assert 'tensorflow' not in sys.modules and 'nicegui' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
