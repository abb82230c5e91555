"""`python -m dcgan` as a process: what a scheduler, an old terminal and an old disk do to it."""

import io
import os
import signal
import threading
from pathlib import Path

import programs
import pytest

from dcgan import __main__ as program
from gan_core.runs.run_folder import RunFolder

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 240  # seconds that a process may take, on however busy a machine
SMALL = ["--drawn", "20", "--size", "32", "--width", "2", "--latent-dim", "4"]
QUICK = ["--batch-size", "8", "--gamma", "0", "--average", "80", "--mode", "eager", "--augment"]
TINY = [*SMALL, *QUICK]
AN_EPOCH = 2  # rounds: 18 faces are learnt from, in batches of 8
pytestmark = pytest.mark.slow


def environment(**changes):
    return {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", **changes}


def three_commands(name):
    """A run of this name is trained, resumed and generated with."""
    return (
        ["train", *TINY, "--epochs", "1", "--run", name],
        ["train", "--resume", name, "--epochs", "2"],
        ["generate", "--run", name, "--out", "faces.zip"],
    )


def check_files(folder, name, told):
    """What the three commands leave in the folder, and say on standard error."""
    run = os.path.join(os.fsencode(folder), name)
    assert b"not written" not in told
    assert os.path.exists(os.path.join(run, b"generator", b"saved_model.pb")), told
    assert RunFolder.resume(os.fsdecode(run)).step() == 2 * AN_EPOCH
    assert (folder / "faces.zip").exists()


JAPANESE = "走る".encode()
NO_UTF_8 = b"r\xff"
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


def test_a_name_that_the_file_system_cannot_show_costs_no_training(tmp_path):
    """Python decides at its start how it writes the names of files: all is in a new process."""
    train, resume, generate = three_commands(JAPANESE)
    several = ROOT / "tests" / "helpers" / "several_commands.py"
    done = programs.run(
        [several, *train, "--", *resume, "--", *generate],
        cwd=tmp_path,
        env=environment(**ASCII),
        text=False,
        timeout=LONGEST,
    )
    assert done.returncode == 0, done.stderr
    check_files(tmp_path, JAPANESE, done.stderr)


@pytest.mark.parametrize(
    ("name", "encoding"),
    [(JAPANESE, "cp1252"), (NO_UTF_8, "latin-1"), (NO_UTF_8, "utf-8")],
    ids=["cp1252", "no UTF-8 in latin-1", "no UTF-8"],
)
def test_a_name_that_the_terminal_cannot_show_costs_no_training(
    tmp_path, name, encoding, monkeypatch
):
    """The streams are those that Python makes for PYTHONIOENCODING."""
    monkeypatch.chdir(tmp_path)
    out = io.BytesIO()
    told = io.BytesIO()
    stdout = io.TextIOWrapper(out, encoding, "strict", write_through=True)
    stderr = io.TextIOWrapper(told, encoding, "backslashreplace", write_through=True)
    monkeypatch.setattr("sys.stdout", stdout)
    monkeypatch.setattr("sys.stderr", stderr)
    for command in three_commands(os.fsdecode(name)):
        program.main(command)
    monkeypatch.undo()
    check_files(tmp_path, name, told.getvalue())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_training_that_is_ended_saves_says_so_and_goes_on(tmp_path, number, monkeypatch):
    """A scheduler sends SIGTERM, a user Ctrl-C."""
    command = ["-m", "dcgan", "train", *TINY, "--run", "r", "--epochs", "100000"]
    anew = number == signal.SIGTERM
    child = programs.start(command, cwd=tmp_path, env=environment(), anew=anew)
    end = threading.Timer(LONGEST, child.kill)  # so that a test cannot wait for ever
    end.daemon = True
    end.start()
    for line in child.stderr:
        if line.startswith("epoch   2"):
            break
    child.send_signal(number)
    told = child.communicate()[1]
    end.cancel()
    assert child.returncode == 128 + number, told
    assert "Traceback" not in told
    after = [line for line in told.splitlines() if not line.startswith(("epoch", "wrote"))]
    assert len(after) == 1, told
    run = RunFolder.resume(tmp_path / "r")
    played = run.step()
    assert played >= 2 * AN_EPOCH
    assert f"Stopped after round {played:,}" in after[0]
    assert "To resume: python -m dcgan train --resume r" in after[0]
    assert (run.generator / "saved_model.pb").exists()
    epochs = str(played // AN_EPOCH + 1)
    monkeypatch.chdir(tmp_path)
    program.main(["train", "--resume", "r", "--epochs", epochs])
    assert RunFolder.resume(tmp_path / "r").step() == AN_EPOCH * int(epochs)
