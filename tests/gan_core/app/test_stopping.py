"""Ctrl-C at the command line ends with a line and a code; a second one ends whatever is being done."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gan_core.app import stopping

ROOT = Path(__file__).resolve().parents[3]
IMPORTS = "import os, signal, sys, time\nfrom gan_core.app import stopping\n"


class Stopped(KeyboardInterrupt):
    exit_code = 143


def play(code, *signals):
    """Its exit code and words; a signal is sent for each line it says, and then they go on coming."""
    child = subprocess.Popen(
        [sys.executable, "-c", IMPORTS + code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for number in signals:
        assert child.stdout.readline()
        child.send_signal(number)
    told = child.communicate()[1]
    return child.returncode, told


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), ("stopped.", 130)),
        (KeyboardInterrupt("after\n5"), ("after 5", 130)),
        (Stopped("terminated"), ("terminated", 143)),
    ],
)
def test_an_interrupt_may_bring_its_own_words_and_code(error, expected):
    assert stopping.words_and_code(error) == expected


def test_an_interrupt_that_nobody_handles_is_one_line_and_its_code():
    code = (
        "class Stopped(KeyboardInterrupt):\n    exit_code = 143\n"
        "stopping.in_one_line()\nraise Stopped('saved.')"
    )
    assert play(code) == (143, "saved.\n")
    assert play("stopping.in_one_line()\nraise KeyboardInterrupt") == (130, "stopped.\n")


def test_another_error_keeps_its_traceback():
    code, told = play("stopping.in_one_line()\nraise KeyError('mine')")
    assert code == 1
    assert told.startswith("Traceback")


DEAF = """
def deaf(*_):
    print("heard", flush=True)
signal.signal(signal.SIGINT, deaf)
with stopping.second_ctrl_c_ends_at_once():
    print("ready", flush=True)
    while True:
        time.sleep(60)
"""


def test_a_second_one_ends_a_program_that_does_not_listen():
    assert play(DEAF, signal.SIGINT, signal.SIGINT) == (130, "")


def test_never_in_a_notebook():
    code = (
        "sys.modules['ipykernel'] = sys\nhook = sys.excepthook\nstopping.in_one_line()\n"
        "assert sys.excepthook is hook\n"
        "with stopping.second_ctrl_c_ends_at_once():\n"
        "    assert signal.set_wakeup_fd(-1) == -1\n"
    )
    assert play(code) == (0, "")


def test_afterwards_nothing_is_watched():
    with stopping.second_ctrl_c_ends_at_once():
        with stopping.second_ctrl_c_ends_at_once():
            pass
        watched = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(watched)
    assert watched != -1
    assert signal.set_wakeup_fd(-1) == -1
