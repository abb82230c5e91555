"""The log of a run: plain, at once on the disk, and always in step with the newest checkpoint."""

import math
import os

import numpy as np
import pytest
import tensorflow as tf

from gan_core.runs.checkpoint import CheckpointError
from gan_core.runs.run_folder import RunFolder


def state():
    return {"x": tf.Variable([0.0, 0.0])}


@pytest.fixture
def run(tmp_path):
    return RunFolder.create(tmp_path / "run", {}, resume_command="python -m my --resume run")


def row(step):
    return {"step": step, "d_loss": np.float32(1 / step), "g_loss": np.float32(-math.pi * 10**step)}


def test_the_log_is_plain_csv_from_which_every_bit_comes_back(run):
    for step in (1, 2):
        run.log(row(step))
    assert run.log_file.read_text() == "step,d_loss,g_loss\n1,1.0,-31.415926\n2,0.5,-314.15927\n"
    values = np.random.default_rng(0).integers(0, 0x7F800000, 200, dtype=np.uint32).view(np.float32)
    for i, value in enumerate(values):
        run.log({"step": i + 3, "d_loss": value, "g_loss": -value})
    rows = run.rows()
    assert {name: column.dtype for name, column in rows.items()} == {
        "step": np.int64,
        "d_loss": np.float32,
        "g_loss": np.float32,
    }
    assert rows["step"].tolist() == list(range(1, 203))
    assert rows["d_loss"][2:].tobytes() == values.tobytes()


@pytest.mark.slow
def test_a_log_cut_anywhere_grows_to_the_same_log(run):
    """A kill can leave any beginning of the file; a resumed run logs again what lies after its
    checkpoint.
    """
    for step in (5, 10, 15, 20):
        run.log(row(step))
    whole = run.log_file.read_bytes()
    for saved_step in (0, 10):
        if saved_step:
            run.save(state(), saved_step)
        for length in range(
            whole.index(b"\n10,") + len(b"\n10,") if saved_step else 0, len(whole) + 1
        ):
            if saved_step and whole[:length].count(b"\n") < 3:
                continue  # row 10 was written before the checkpoint was
            run.log_file.write_bytes(whole[:length])
            assert run.restore(state()) == saved_step
            for step in (5, 10, 15, 20):
                if step > saved_step:
                    run.log(row(step))
            assert run.log_file.read_bytes() == whole


def test_rows_read_while_one_is_being_written(run):
    run.log(row(1))
    run.log_file.write_bytes(run.log_file.read_bytes() + b"2,0.")
    assert run.rows()["step"].tolist() == [1]


def test_what_is_no_row_is_taken_out_of_the_log(run):
    run.log(row(1))
    good = run.log_file.read_bytes()
    run.save(state(), 5)
    no_rows = [b"\x00\x00\xff", b"", b",,", b"6", b"6,1", b"6,1,\x00\x00", b"6,1,1,1"]
    run.log_file.write_bytes(good + b"\n".join(no_rows) + b"\n6,1,1\n")
    assert run.rows()["step"].tolist() == [1, 6]
    run.restore(state())
    assert run.log_file.read_bytes() == good


def test_a_name_with_a_comma_or_a_quote_costs_no_rows(run):
    names = ["real, fake", 'the "margin"']
    for step in (1, 2):
        run.log({"step": step, **dict.fromkeys(names, 0.5)})
    written = run.log_file.read_bytes()
    run.save(state(), 2)
    assert list(run.rows()) == ["step", *names]
    assert run.rows()["step"].tolist() == [1, 2]
    run.restore(state())
    assert run.log_file.read_bytes() == written


def test_a_log_that_fits_is_not_rewritten(run, monkeypatch):
    run.log(row(1))
    run.save(state(), 1)
    monkeypatch.setattr(os, "replace", lambda *_: pytest.fail("rewritten"))
    run.restore(state())


def test_a_log_on_a_full_disk_says_how_to_go_on(run):
    run.log_file.symlink_to("/dev/full")
    with pytest.raises(
        CheckpointError,
        match=r"log\.csv cannot be written: No space left on device\. Make room .* resume: python -m my",
    ):
        run.log(row(1))


def test_the_log_is_on_the_disk_before_the_checkpoint_is(run, monkeypatch):
    """Else a power cut could take rows that no resumed run would write again."""
    events = []
    replace = os.replace
    fsync = os.fsync
    inode = lambda file: os.stat(file).st_ino  # noqa: E731
    run.log(row(1))
    log = inode(run.log_file)
    monkeypatch.setattr(
        os, "fsync", lambda fd: (events.append(os.fstat(fd).st_ino == log), fsync(fd))[1]
    )
    monkeypatch.setattr(os, "replace", lambda a, b: (events.append("replace"), replace(a, b))[1])
    run.save(state(), 1)
    assert events.index(True) < events.index("replace")
