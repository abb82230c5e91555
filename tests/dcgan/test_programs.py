"""`python -m dcgan` as a process: what a scheduler, an old terminal and an old disk do to it."""

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


def commands(folder, *each, **changes):
    """Several commands, one after another, in a process of their own."""
    arguments = list(each[0])
    for command in each[1:]:
        arguments += ["--", *command]
    return programs.run(
        [ROOT / "tests" / "helpers" / "several_commands.py", *arguments],
        cwd=folder,
        env=environment(**changes),
        text=False,
        timeout=LONGEST,
    )


ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("走る".encode(), {"PYTHONIOENCODING": "cp1252"}),
        ("走る".encode(), ASCII),
        (b"r\xff", {"PYTHONIOENCODING": "latin-1"}),
        (b"r\xff", {"PYTHONIOENCODING": "utf-8"}),
    ],
    ids=["cp1252", "ascii", "no UTF-8 in latin-1", "no UTF-8"],
)
def test_a_name_that_cannot_be_shown_costs_no_training(tmp_path, name, changes):
    """It is trained, resumed and generated with, all in one process."""
    run = os.path.join(os.fsencode(tmp_path), name)
    done = commands(
        tmp_path,
        ["train", *TINY, "--epochs", "1", "--run", name],
        ["train", "--resume", name, "--epochs", "2"],
        ["generate", "--run", name, "--out", "faces.zip"],
        **changes,
    )
    assert done.returncode == 0, done.stderr
    assert b"not written" not in done.stderr
    assert os.path.exists(os.path.join(run, b"generator", b"saved_model.pb")), done.stderr
    assert RunFolder.resume(os.fsdecode(run)).step() == 2 * AN_EPOCH
    assert (tmp_path / "faces.zip").exists()


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
