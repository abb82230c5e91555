"""A start says nothing, unless it fails; Ctrl-C in it is one line. In processes of their own.

That TensorFlow's own start says nothing is shown in test_without_keras.py.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gan_core.app import quiet

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
NOISE = 'os.write(2, b"E0000 cuInit: no device\\n"); print("W0000 rebuild", file=sys.stderr)'


def program(*lines):
    return "\n".join(["import os, signal, sys, time", "from gan_core.app import quiet", *lines])


def play(*lines, **environment):
    return subprocess.run(
        [sys.executable, "-c", program(*lines)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_start_that_goes_well_says_nothing_and_what_follows_is_heard():
    ended = play("with quiet.start():", f"    {NOISE}", 'print("ready", file=sys.stderr)')
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "ready\n")


@pytest.mark.parametrize(
    ("lines", "environment"),
    [
        (["with quiet.start(verbose=True):"], {}),
        (["with quiet.start():"], {"GAN_VERBOSE": "1"}),
    ],
)
def test_who_wants_to_hear_all_does(lines, environment):
    ended = play(*lines, f"    {NOISE}", **environment)
    assert ended.stderr == "E0000 cuInit: no device\nW0000 rebuild\n"


def test_a_start_that_fails_shows_what_was_said_before_the_error():
    ended = play("with quiet.start():", f"    {NOISE}", "    import nothing_of_this_name")
    assert ended.returncode == 1
    assert ended.stderr.startswith("E0000 cuInit: no device\nW0000 rebuild\nTraceback")
    assert ended.stderr.endswith("No module named 'nothing_of_this_name'\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize(
    ("death", "code"), [("os.abort()", -signal.SIGABRT), ("os.kill(os.getpid(), 9)", -9)]
)
def test_a_start_that_kills_the_process_shows_what_was_said(death, code):
    """As a TensorFlow does that was built for another CPU."""
    ended = play("with quiet.start():", f"    {NOISE}", "    sys.stderr.flush()", f"    {death}")
    assert ended.returncode == code
    assert ended.stderr == "E0000 cuInit: no device\nW0000 rebuild\n"


def test_an_exit_in_the_start_keeps_its_code():
    assert play("with quiet.start():", "    sys.exit(3)").returncode == 3


def test_one_start_in_another_is_one():
    ended = play(
        "with quiet.start():", "    with quiet.start():", f"        {NOISE}", f"    {NOISE}"
    )
    assert ended.stderr == ""


def test_in_a_notebook_too_a_start_is_quiet_and_ctrl_c_stays_the_kernels():
    ended = play(
        'sys.modules["ipykernel"] = sys',
        "hook = sys.excepthook",
        "with quiet.start():",
        f"    {NOISE}",
        "    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler",
        "assert sys.excepthook is hook",
    )
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("where", ["    pass", "pass"])
def test_ctrl_c_in_a_start_and_after_it_is_one_line_and_code_130(where):
    lines = ["with quiet.start():", f"    {NOISE}", "    print('in', flush=True)"]
    sleep = where.replace("pass", "print('ready', flush=True); time.sleep(60)")
    child = subprocess.Popen(
        [sys.executable, "-c", program(*lines, sleep)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert [child.stdout.readline() for _ in range(2)] == ["in\n", "ready\n"]
    child.send_signal(signal.SIGINT)
    assert child.communicate()[1] == "stopped.\n"
    assert child.returncode == 130


def test_without_a_folder_for_temporary_files_nothing_is_caught_and_nothing_fails(monkeypatch):
    def full(*_, **__):
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(quiet.tempfile, "TemporaryFile", full)
    with quiet.start():
        done = True
    assert done
    assert not quiet._Capture.is_open
