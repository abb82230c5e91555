"""Python programs in processes of their own, as subprocess starts them, but cheap.

    done = programs.run(["-m", "dcgan", "train"], cwd=folder)
    child = programs.start([file, "argument"])

Importing TensorFlow takes seconds of computing in each new process. So there is one server for all
tests (fork_server.py), which has imported it and run nothing of it; a program is a fork of that
server. It has its own process id, working folder, environment, standard streams, signals, exit code
and threads. What it does not have is a start of its own: a test of the start itself, or of what is
read at a start, says `anew=True` and gets a new Python. So does, unasked, every program whose
environment differs in a variable that Python or a library reads when it starts.
"""

import atexit
import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import filelock

FORKS = sys.platform == "linux"  # elsewhere a process that has loaded TensorFlow must not be forked
PLACE = "GAN_TESTS_FORK_SERVER"  # names the folder of the server, for all workers of pytest
LONGEST = 300  # seconds that the server may take to import TensorFlow, on however busy a machine
READ_AT_THE_START = ("TF_", "XLA_", "CUDA_", "PYTHON", "LC_", "LANG", "MPL", "OMP_", "OPENBLAS_")
READ_LATER = (
    "PYTHONPATH",  # fork_server.py follows these three
    "PYTHONIOENCODING",
    "PYTHONDONTWRITEBYTECODE",
    "TF_CONFIG",
    "TF_CPP_MIN_LOG_LEVEL",  # a fork says nothing of TensorFlow's own, whatever the level
)


def run(arguments, *, cwd=None, env=None, text=True, timeout=None, check=False, anew=False):
    """`python arguments`, to its end. -> subprocess.CompletedProcess with stdout and stderr.

    Args:
        arguments: what comes behind `python`: -m MODULE, -c CODE or a file, and its own arguments.
        cwd: its working folder, or this process's.
        env: its whole environment, or this process's.
        text: whether what it says is text, and not bytes.
        timeout: seconds until it is killed and subprocess.TimeoutExpired raised.
        check: raise subprocess.CalledProcessError unless it ends with 0.
        anew: start a new Python, no fork.
    """
    with start(arguments, cwd=cwd, env=env, text=text, anew=anew) as child:
        try:
            said, told = child.communicate(timeout=timeout)
        except BaseException:
            child.kill()
            raise
    done = subprocess.CompletedProcess(child.args, child.returncode, said, told)
    if check:
        done.check_returncode()
    return done


def start(arguments, *, cwd=None, env=None, text=True, stdin=subprocess.DEVNULL, anew=False):
    """`python arguments`, begun: a subprocess.Popen, or what has its methods.

    Its stdout and stderr are pipes; its stdin is one for subprocess.PIPE.
    """
    arguments = [os.fsdecode(argument) for argument in arguments]
    if anew or not _can_be_forked(arguments, env):
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=cwd,
            env=env,
            text=text,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    cwd = os.getcwd() if cwd is None else os.path.abspath(cwd)
    return Fork(arguments, cwd, dict(os.environ if env is None else env), text, stdin)


def popen(command, *, cwd=None, env=None, stdin, stdout, stderr, text):
    """In the place of subprocess.Popen, for code that starts Python programs by itself.

    stdout is subprocess.PIPE; stderr is that too, or a file.
    """
    assert command[0] == sys.executable
    assert stdout == subprocess.PIPE
    if not _can_be_forked(command[1:], env):
        streams = {"stdin": stdin, "stdout": stdout, "stderr": stderr}
        return subprocess.Popen(command, cwd=cwd, env=env, text=text, **streams)
    cwd = os.getcwd() if cwd is None else os.path.abspath(cwd)
    return Fork(command[1:], cwd, dict(os.environ if env is None else env), text, stdin, stderr)


def _can_be_forked(arguments, env):
    is_program = not arguments[0].startswith("-") or arguments[0] in ("-m", "-c")
    if not FORKS or not is_program:
        return False
    environment = os.environ if env is None else env
    return _read_at_the_start(environment) == _read_at_the_start(_server().environment)


def _read_at_the_start(environment):
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(READ_AT_THE_START) and name not in READ_LATER
    }


class Fork:
    """A forked program, with the methods and attributes of subprocess.Popen that tests use."""

    def __init__(self, arguments, cwd, environment, text, stdin, stderr=subprocess.PIPE):
        self.args = [sys.executable, *arguments]
        self.returncode = None
        self._ended = threading.Condition()
        self.stdin = None
        its_stdin = os.open(os.devnull, os.O_RDONLY)
        if stdin == subprocess.PIPE:
            os.close(its_stdin)
            its_stdin, ours = os.pipe()
            self.stdin = open(ours, "w" if text else "wb")  # noqa: SIM115
        self.stdout, its_stdout = self._output(text)
        if stderr == subprocess.PIPE:
            self.stderr, its_stderr = self._output(text)
        else:
            self.stderr = None
            its_stderr = os.dup(stderr.fileno())
        request = {"arguments": arguments, "cwd": cwd, "environment": environment}
        line = json.dumps(request).encode() + b"\n"
        self._connection = _server().connect()
        streams = [its_stdin, its_stdout, its_stderr]
        socket.send_fds(self._connection, [b" "], streams)
        self._connection.sendall(line)
        for descriptor in streams:
            os.close(descriptor)
        answers = self._connection.makefile("r")
        self.pid = json.loads(answers.readline())["pid"]
        threading.Thread(target=self._wait_for_its_end, args=[answers], daemon=True).start()

    @staticmethod
    def _output(text):
        """The end of a pipe that we read, and the one that it writes."""
        ours, its = os.pipe()
        return open(ours, "r" if text else "rb"), its

    def _wait_for_its_end(self, answers):
        with answers, self._connection:
            status = json.loads(answers.readline())["status"]
        with self._ended:
            self.returncode = status
            self._ended.notify_all()

    def poll(self):
        return self.returncode

    def wait(self, timeout=None):
        with self._ended:
            if not self._ended.wait_for(lambda: self.returncode is not None, timeout):
                raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def communicate(self, timeout=None):
        """All that it says from now to its end; each stream is read by a thread."""
        said = {}

        def read(stream):
            said[stream] = stream.read()

        outputs = [self.stdout] if self.stderr is None else [self.stdout, self.stderr]
        streams = [stream for stream in outputs if not stream.closed]
        readers = [threading.Thread(target=read, args=[stream], daemon=True) for stream in streams]
        for reader in readers:
            reader.start()
        if self.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self.stdin.close()
        self.wait(timeout)
        for reader, stream in zip(readers, streams, strict=True):
            reader.join()
            stream.close()
        return said.get(self.stdout), said.get(self.stderr)

    def send_signal(self, number):
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        self.send_signal(signal.SIGKILL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for stream in (self.stdin, self.stdout, self.stderr):
            if stream is not None:
                stream.close()
        self.wait()


class _Server:
    """The server, started if no other worker of pytest has; it stays while this process lives."""

    def __init__(self):
        folder = Path(os.environ.get(PLACE) or tempfile.mkdtemp())
        self._path = folder / "socket"
        with filelock.FileLock(folder / "lock"):
            if not self._path.exists():
                self._start(folder)
            self._stays = self.connect()
            self._stays.sendall(b'{"stay": true}\n')
            with self._stays.makefile("r") as answers:
                self.environment = json.loads(answers.readline())["environment"]

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self._path))
        return connection

    def _start(self, folder):
        with open(folder / "said", "wb") as said:
            server = subprocess.Popen(
                [sys.executable, Path(__file__).with_name("fork_server.py"), self._path],
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        end = time.monotonic() + LONGEST
        while not self._path.exists():
            if server.poll() is not None or time.monotonic() > end:
                raise RuntimeError((folder / "said").read_text("utf-8", "replace"))
            time.sleep(0.02)
        server.returncode = 0  # it ends by itself, so nobody shall be warned that it runs

    def close(self):
        self._stays.close()


@functools.cache
def _server():
    server = _Server()
    atexit.register(server.close)
    return server
