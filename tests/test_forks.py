"""A program that tests/helpers/programs.py forks behaves as one that Python starts."""

import json
import os
import signal
import subprocess

import programs
import pytest

pytestmark = pytest.mark.slow

SAYS_ALL = """
import json, os, signal, sys, threading
told = {
    "name": __name__,
    "arguments": sys.argv[1:],
    "first of the path": sys.path[:2],
    "main": sorted(set(vars(sys.modules["__main__"])) - {"__annotations__", "__cached__"}),
    "folder": os.getcwd(),
    "environment": dict(os.environ),
    "descriptors": sorted(int(name) for name in os.listdir("/proc/self/fd"))[:4],
    "ctrl-c": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
    "group": os.getpgid(0) == os.getpid(),
    "threads": threading.active_count(),
    "ours": sorted(name for name in sys.modules if name.startswith(("gan_core", "fork_server"))),
    "encoding": [sys.stdin.encoding, sys.stdout.encoding, sys.stderr.errors],
    "errors": [sys.stdin.errors, sys.stdout.errors],
    "bytecode": sys.dont_write_bytecode,
    "buffered": [sys.stdout.line_buffering, sys.stderr.line_buffering],
    "stdin": sys.stdin.read(),
}
print(json.dumps(told))
"""


@pytest.mark.parametrize("way", ["-c", "-m", "file"])
def test_it_has_the_surroundings_of_a_new_process(tmp_path, way):
    (tmp_path / "says_all.py").write_text(SAYS_ALL)
    how = {"-c": ["-c", SAYS_ALL], "-m": ["-m", "says_all"], "file": ["says_all.py"]}[way]
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path / "first"),
        "PYTHONIOENCODING": "utf-8" if way == "-c" else "latin-1:replace",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MINE": "é",
    }
    told = []
    for anew in (True, False):
        child = programs.start(
            [*how, "a b", "-c"],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.PIPE,
            anew=anew,
        )
        child.stdin.write("words")
        said, error = child.communicate()
        assert (child.returncode, error) == (0, "")
        told.append(json.loads(said))
        assert isinstance(child, subprocess.Popen) is (anew or not programs.FORKS)
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("code", "returncode", "error"),
    [
        ("import sys; sys.exit(7)", 7, ""),
        ("raise SystemExit('a word')", 1, "a word\n"),
        ("import atexit; atexit.register(print, 'last', flush=True)", 0, ""),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM, ""),
        ("import os; os.abort()", -signal.SIGABRT, ""),
    ],
)
def test_it_ends_as_a_new_process_does(code, returncode, error):
    ends = [programs.run(["-c", code], anew=anew) for anew in (True, False)]
    for end in ends:
        assert (end.returncode, end.stderr) == (returncode, error)
    assert ends[0].stdout == ends[1].stdout


def test_an_error_is_a_traceback_and_ctrl_c_is_the_signal():
    done = programs.run(["-c", "1 / 0"])
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")
    child = programs.start(["-c", "import time; print('up', flush=True); time.sleep(60)"])
    assert child.stdout.readline() == "up\n"
    child.send_signal(signal.SIGINT)
    assert child.communicate()[1].endswith("KeyboardInterrupt\n")
    assert child.returncode == -signal.SIGINT


def test_it_is_waited_for_and_killed():
    with programs.start(["-c", "import time; time.sleep(60)"]) as child:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(timeout=0.1)
        assert child.poll() is None
        child.kill()
    assert child.returncode == -signal.SIGKILL
    with pytest.raises(subprocess.TimeoutExpired):
        programs.run(["-c", "import time; time.sleep(60)"], timeout=0.1)
    with pytest.raises(subprocess.CalledProcessError):
        programs.run(["-c", "raise SystemExit(3)"], check=True)


@pytest.mark.parametrize("name", ["XLA_FLAGS", "TF_DETERMINISTIC_OPS", "LC_ALL"])
def test_what_is_read_at_a_start_gets_one(name):
    child = programs.start(["-c", ""], env={**os.environ, name: "C"})
    assert isinstance(child, subprocess.Popen)
    child.communicate()


def test_so_do_pythons_own_options():
    child = programs.start(["-B", "-c", "import sys; print(sys.dont_write_bytecode)"])
    assert isinstance(child, subprocess.Popen)
    assert child.communicate()[0] == "True\n"


def test_tensorflow_is_there_and_its_threads_are_the_forks_own():
    code = (
        "import tensorflow as tf\n"
        "print(float(tf.reduce_sum(tf.ones([300, 300]) @ tf.ones([300, 1]))))"
    )
    children = [programs.start(["-c", code]) for _ in range(3)]
    assert [child.communicate() for child in children] == [("90000.0\n", "")] * 3
