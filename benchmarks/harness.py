"""Measure contestants in turn, in one run, each in a process of its own.

A machine that is shared is now fast, now slow; two numbers from different minutes say little. So
every contestant is started, warmed up and then asked for one window after the other, A B C A B C ...,
and what is reported is the median with the quartiles, and the ratio of medians.

A contestant is a Python module that calls `serve` with a function of the number of rounds.
"""

import dataclasses
import json
import subprocess
import sys
import time

import numpy as np


def serve(play) -> None:
    """A contestant's side: play(n) plays n rounds and returns when the device is done with them.

    Reads a number of rounds a line, writes the seconds they took. The first line's is the compile
    time: that of the first call.
    """
    for line in sys.stdin:
        start = time.perf_counter()
        play(int(line))
        print(json.dumps(time.perf_counter() - start), flush=True)


@dataclasses.dataclass(frozen=True)
class Result:
    """Seconds a round in each window, and of the first call, which compiles."""

    name: str
    seconds: np.ndarray
    first_call: float

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))

    @property
    def quartiles(self) -> tuple[float, float]:
        return tuple(np.percentile(self.seconds, [25, 75]))


def in_turn(contestants: dict[str, list[str]], rounds: int, windows: int) -> list[Result]:
    """Run each command (name -> arguments after the Python interpreter) and ask for `windows` windows in turn.

    ValueError names the contestant that would not start.
    """
    processes = {name: subprocess.Popen([sys.executable, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
                 for name, arguments in contestants.items()}
    try:
        first = {name: _ask(name, process, rounds) for name, process in processes.items()}
        seconds = {name: [] for name in processes}
        for window in range(windows + 1):
            for name, process in processes.items():
                taken = _ask(name, process, rounds) / rounds
                if window > 0:  # the first is warm-up
                    seconds[name].append(taken)
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()
    return [Result(name, np.array(seconds[name]), first[name]) for name in processes]


def _ask(name, process, rounds) -> float:
    try:
        process.stdin.write(f"{rounds}\n")
        process.stdin.flush()
        line = process.stdout.readline()
    except BrokenPipeError:
        line = ""
    if not line:
        last = (process.stderr.read().strip().splitlines() or ["it said nothing"])[-1]
        raise ValueError(f"{name} cannot run: {last}. (Peers: pip install -e '.[peers]'.)")
    return json.loads(line)
