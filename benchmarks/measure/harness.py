"""Measure contestants in turn, in one run, each in a process of its own.

A machine that is shared is now fast, now slow; two numbers from different minutes say little. So
every contestant is started, warmed up and then asked for one window after the other, A B C A B C ...,
and what is reported is the median with the quartiles, and the ratio of medians.

A contestant is a Python module that calls `serve` with a function of the number of rounds.
"""

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

from benchmarks.measure import rows


def serve(play, facts: dict | None = None) -> None:
    """A contestant's side: play(n) plays n rounds and returns when the device is done with them.

    Reads a number of rounds a line, writes the seconds they took. The first line's is the compile
    time: that of the first call. The line "facts" is answered with what this contestant is: its
    `parameters` [of G, of D], `library`, `device`, perhaps a `note`.
    """
    for line in sys.stdin:
        if line.strip() == "facts":
            print(json.dumps(facts or {}), flush=True)
            continue
        start = time.perf_counter()
        play(int(line))
        print(json.dumps(time.perf_counter() - start), flush=True)


@dataclasses.dataclass(frozen=True)
class Result:
    """Seconds a round in each window, and of the first call, which compiles.

    failed: why this contestant has no times, or no more of them; "" if all went well.
    """

    name: str
    seconds: np.ndarray
    first_call: float
    facts: dict = dataclasses.field(default_factory=dict)
    failed: str = ""

    @property
    def median(self) -> float:
        return float(np.median(self.seconds))

    @property
    def quartiles(self) -> tuple[float, float]:
        return tuple(np.percentile(self.seconds, [25, 75]))


def in_turn(
    contestants: dict[str, list[str]],
    rounds: int,
    windows: int,
    *,
    with_facts: bool = False,
    keep_going: bool = False,
    back_and_forth: bool = False,
    environments: dict[str, dict] | None = None,
    folders: dict | None = None,
) -> list[Result]:
    """Run each command (name -> arguments after the Python interpreter) and ask for `windows` windows in turn.

    with_facts: ask each for its facts too.  back_and_forth: every second turn in the opposite order
    (A B, B A, A B, ...), so that a machine that grows slower is unfair to nobody.  environments:
    name -> environment variables that this contestant alone gets.  folders: name -> where it is started.
    ValueError names the contestant that cannot run; with keep_going it drops out, its result says
    why (`failed`), and the others go on.
    """
    environments, folders = environments or {}, folders or {}
    results = {}
    running = {
        name: _Contestant(name, arguments, environments.get(name, {}), folders.get(name))
        for name, arguments in contestants.items()
    }
    everyone = list(running.values())

    def ask(name, request):
        try:
            return running[name].ask(request)
        except ValueError as error:
            if not keep_going:
                raise
            results[name] = dataclasses.replace(results[name], failed=str(error))
            del running[name]
            return None

    try:
        for name in list(running):
            results[name] = Result(name, np.array([]), float("nan"))
            facts = ask(name, "facts") if with_facts else {}
            first = ask(name, rounds) if name in running else None
            if first is not None:
                results[name] = Result(name, np.array([]), first, facts)
        for window in range(windows + 1):
            names = list(running)
            for name in reversed(names) if back_and_forth and window % 2 else names:
                taken = ask(name, rounds)
                if taken is not None and window > 0:  # the first is warm-up
                    seconds = np.append(results[name].seconds, taken / rounds)
                    results[name] = dataclasses.replace(results[name], seconds=seconds)
    finally:
        for contestant in everyone:
            contestant.end()
    return list(results.values())


class _Contestant:
    """A process that answers requests, a line each."""

    def __init__(self, name: str, arguments: list[str], environment: dict, folder=None):
        self.name = name
        # Not a pipe: one that nobody reads fills, and then blocks who writes. `end` closes it.
        self.errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env={**os.environ, **environment},
            cwd=folder,
        )

    def ask(self, request):
        """request: a number of rounds, or "facts"."""
        try:
            self.process.stdin.write(f"{request}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            code = self.process.wait()
            self.errors.seek(0)
            last = rows.said(self.errors.read())[-1].rstrip(".")
            if code < 0:
                raise ValueError(
                    f"{self.name} cannot run: {rows.end(code)}, {last}. (Perhaps memory was short: try a "
                    "smaller batch.)"
                )
            raise ValueError(f"{self.name} cannot run: {last}. (Peers: pip install -e '.[peers]'.)")
        return json.loads(line)

    def end(self):
        self.process.kill()
        self.process.communicate()
        self.errors.close()
