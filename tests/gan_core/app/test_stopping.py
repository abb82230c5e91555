"""Ctrl-C at the command line ends with a line and a code; a second one ends whatever is being
done.
"""

import os
import re
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


@pytest.fixture(autouse=True)
def outside_of_a_notebook(monkeypatch):
    """An earlier test of this process may have imported Jupyter's kernel, which is told by that."""
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)


def play(code, *signals):
    """Its exit code and words; a signal is sent for each line it says,
    and then they go on coming.
    """
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


@pytest.mark.parametrize(
    ("argv", "orig_argv", "package", "is_run"),
    [
        (["-m", "--epochs", "3"], ["python", "-m", "dcgan", "--epochs", "3"], "dcgan", True),
        (["-m"], ["python", "-X", "dev", "-m", "dcgan.ch07_faces"], "dcgan", True),
        (["-m"], ["python", "-mtoy.ch01_the_game"], "toy", True),
        (["-m", "dcgan"], ["python", "-m", "theirs", "dcgan"], "dcgan", False),
        (["-m"], ["python", "-m", "dcgan_of_others"], "dcgan", False),
        (["train.py", "-m", "dcgan"], ["python", "train.py", "-m", "dcgan"], "dcgan", False),
        (["-c"], ["python", "-c", "import dcgan"], "dcgan", False),
        ([""], ["python"], "dcgan", False),
    ],
)
def test_only_our_own_programs_end_at_once_while_they_start(
    monkeypatch, argv, orig_argv, package, is_run
):
    """Somebody else's program that imports ours may have much to lose."""
    monkeypatch.setattr(sys, "argv", argv)
    monkeypatch.setattr(sys, "orig_argv", orig_argv)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    before = signal.getsignal(signal.SIGINT)
    try:
        stopping.while_starting(package)
        assert (signal.getsignal(signal.SIGINT) is stopping.end_at_once) is is_run
        stopping.started()
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        signal.signal(signal.SIGINT, before)


STARTING = (
    "sys.argv[:] = ['-m']; sys.orig_argv[:] = ['python', '-m', 'toy']\n"
    "stopping.while_starting('toy')\n"
)


def test_an_interrupt_of_the_start_is_one_line_whatever_is_being_imported():
    """An import that answers every exception with one of its own cannot spoil it."""
    code = (
        "try:\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "except BaseException:\n    raise ImportError('many lines')"
    )
    assert play(STARTING + code, signal.SIGINT) == (130, "stopped.\n")


def test_after_the_start_it_is_a_keyboard_interrupt_again():
    code = (
        "stopping.started()\n"
        "try:\n    print('ready', flush=True)\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    sys.exit(7)"
    )
    assert play(STARTING + code, signal.SIGINT) == (7, "")


OF_TENSORFLOW = re.compile(r"absl::InitializeLog|port\.cc|cudart_stub\.cc")
# The moments at which these modules are imported: at once; when TensorFlow's import begins; when
# it has done the half, which takes a second of computing and is the same for a package's programs.
AT_ONCE = "runpy"
THEN = "tensorflow"
MIDDLE = "tensorflow.python.eager.context"
PROGRAMS = [
    (["dcgan", "generate", "--count", "9", "--out", "x.zip"], [AT_ONCE, THEN]),
    (["dcgan", "--epochs", "1"], [AT_ONCE, THEN, MIDDLE]),
    (["dcgan.ch07_faces"], [AT_ONCE, THEN]),
    (["toy"], [AT_ONCE]),  # it lists what there is, and imports none of it, as do the benchmarks
    (["toy.ch01_the_game"], [AT_ONCE, THEN, MIDDLE]),
    (["benchmarks"], [AT_ONCE]),
    (["benchmarks.toy_step", "--dry-run"], [AT_ONCE, THEN, MIDDLE]),
]
STOPPED_AT_AN_IMPORT = """
import os, signal, sys
moment = sys.argv[1]
program = sys.argv[2]
sys.argv[:] = ["-m", *sys.argv[3:]]
sys.orig_argv[:] = ["python", "-m", program, *sys.argv[1:]]
__import__(program.split(".")[0])

class Finder:  # it is asked first, and finds nothing
    def find_spec(name, *_):
        if name == moment:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder)
sys.modules.pop("runpy", None)
import runpy
runpy.run_module(program, run_name="__main__", alter_sys=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "moments"), PROGRAMS, ids=[" ".join(program) for program, _ in PROGRAMS]
)
def test_ctrl_c_in_the_first_seconds_of_a_program_is_one_line(program, moments, tmp_path):
    """From its first line on: what Python itself does before cannot be answered by a program."""
    for moment in moments:
        done = subprocess.run(
            [sys.executable, "-c", STOPPED_AT_AN_IMPORT, moment, *program],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        told = [line for line in done.stderr.splitlines() if not OF_TENSORFLOW.search(line)]
        assert (done.returncode, told) == (130, ["stopped."]), moment


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
