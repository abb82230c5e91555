"""The program behind programs.py: python fork_server.py SOCKET.

It imports TensorFlow, runs none of it, and listens at SOCKET. Each connection brings one program, and
a fork of this process becomes that program. So a test that needs a process of its own does not
wait, and does not pay, for one more import. It ends when nobody is connected any more who said that
more programs will come.

A message is a line of JSON. What a client says first is one of

    {"stay": true}                          -> {"environment": that of this process}
    {"arguments", "cwd", "environment"}, with the file descriptors 0, 1 and 2 of the program
                                            -> {"pid"}, and at its end {"status"}
"""

import codecs
import contextlib
import gc
import io
import json
import os
import runpy
import selectors
import signal
import socket
import sys
import types
import warnings

LARGEST = 1 << 22  # bytes of a request


def main(path):
    """Serve until nobody needs it. Returns in the forked children alone: what they shall play."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path + ".new")
    listener.listen(64)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the tests
    import_what_is_slow()
    gc.collect()
    gc.freeze()
    os.rename(path + ".new", path)  # now it answers
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                program = answer(listener.accept()[0], selector)
                if program is not None:
                    return program
            else:  # somebody who stayed has gone
                selector.unregister(key.fileobj)
                key.fileobj.close()
                end_if_alone(selector, path)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def answer(connection, selector):
    """Note that somebody stays, or fork. -> None; in the forked child: what it shall play."""
    request, descriptors = receive(connection)
    if "stay" in request:
        say(connection, environment=dict(os.environ))
        selector.register(connection, selectors.EVENT_READ)
        return None
    if request and fork() == 0:
        for key in list(selector.get_map().values()):
            key.fileobj.close()
        selector.close()
        return keep(connection, request, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    connection.close()
    return None


def end_if_alone(selector, path):
    if len(selector.get_map()) == 1:  # the listener
        with contextlib.suppress(OSError):
            os.unlink(path)
        os._exit(0)


def import_what_is_slow():
    import matplotlib.figure  # noqa: F401
    import numpy  # noqa: F401
    import PIL.Image  # noqa: F401
    import tensorflow  # noqa: F401


def fork():
    with warnings.catch_warnings():  # of NumPy's threads, which a child does not need
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def receive(connection):
    """A request, and the file descriptors that came with it; {} from a client that was killed."""
    text, descriptors, _, _ = socket.recv_fds(connection, LARGEST, 3)
    while not text.endswith(b"\n"):
        more = connection.recv(LARGEST)
        if not more:
            return {}, descriptors
        text += more
    return json.loads(text), descriptors


def say(connection, **message):
    connection.sendall(json.dumps(message).encode() + b"\n")


def keep(connection, request, descriptors):
    """Fork once more: the child is the program, and this process tells how it ends."""
    program = fork()
    if program == 0:
        connection.close()
        for number, descriptor in enumerate(descriptors):
            os.dup2(descriptor, number)
            os.close(descriptor)
        return request
    for descriptor in descriptors:
        os.close(descriptor)
    for number in range(3):
        with contextlib.suppress(OSError):
            os.close(number)
    with contextlib.suppress(OSError):
        say(connection, pid=program)
    _, status = os.waitpid(program, 0)
    with contextlib.suppress(OSError):
        say(connection, status=os.waitstatus_to_exitcode(status))
    os._exit(0)


def be_like_a_new_process(arguments, cwd, environment):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    new_streams(environment.get("PYTHONIOENCODING", ""))
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    sys.orig_argv[:] = [sys.executable, *arguments]
    own = os.path.dirname(os.path.abspath(__file__))
    rest = [entry for entry in sys.path if os.path.abspath(entry) != own]
    given = [entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.path[:] = [*given, *rest]
    for name in ("fork_server", "__main__"):
        sys.modules.pop(name, None)
    main_module = types.ModuleType("__main__")
    main_module.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main_module
    return main_module


def new_streams(wanted):
    """sys.stdin, stdout and stderr as Python makes them of the file descriptors 0, 1 and 2.

    Args:
        wanted: PYTHONIOENCODING, encoding:errors, of which either may be missing.
    """
    encoding, _, errors = wanted.partition(":")
    encoding = codecs.lookup(encoding or sys.stdin.encoding).name
    errors = errors or "strict"
    unbuffered = bool(os.environ.get("PYTHONUNBUFFERED"))

    def writer(number, errors, line_buffering):
        binary = open(number, "wb", buffering=0 if unbuffered else -1, closefd=False)  # noqa: SIM115
        return io.TextIOWrapper(
            binary, encoding, errors, line_buffering=line_buffering, write_through=unbuffered
        )

    binary = open(0, "rb", closefd=False)  # noqa: SIM115
    sys.stdin = io.TextIOWrapper(binary, encoding, errors)
    sys.stdout = writer(1, errors, line_buffering=False)
    sys.stderr = writer(2, "backslashreplace", line_buffering=not unbuffered)
    sys.__stdin__ = sys.stdin
    sys.__stdout__ = sys.stdout
    sys.__stderr__ = sys.stderr


def play(arguments, cwd, environment):
    """What `python arguments` does, in this process."""
    main_module = be_like_a_new_process(arguments, cwd, environment)
    if arguments[0] == "-m":
        sys.argv[:] = ["-m", *arguments[2:]]
        sys.path.insert(0, cwd)
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    elif arguments[0] == "-c":
        sys.argv[:] = ["-c", *arguments[2:]]
        sys.path.insert(0, "")
        exec(compile(arguments[1], "<string>", "exec"), main_module.__dict__)
    else:
        sys.argv[:] = list(arguments)
        sys.path.insert(0, os.path.dirname(os.path.abspath(arguments[0])))
        main_module.__file__ = arguments[0]
        with open(arguments[0], "rb") as file:
            code = compile(file.read(), arguments[0], "exec")
        exec(code, main_module.__dict__)


if __name__ == "__main__":
    play(**main(sys.argv[1]))
