"""Measure contestants in turn, in one run, each in its own process.

A shared machine is fast at one moment and slow at the next, so two numbers from different minutes
cannot be compared. Therefore all contestants are started and warmed up, and then measured in turn,
one window each, A B C A B C ... `benchmarks.measure.ratios` says what follows from their times.

A contestant is a Python module that calls `serve` with a function of the number of rounds.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import rows


def serve(play: Callable[[int], Any], facts: dict | None = None) -> None:
    """A contestant's side: answer requests from stdin until there are no more.

    A line with a number n is answered with the seconds that play(n) took, in JSON. The first such
    line's time includes compiling. The line "facts" is answered with `facts`.

    Args:
        play: play(n) plays n rounds and returns when the device is done with them.
        facts: what this contestant is: its `parameters` [of G, of D], `library`, `device`, and
            perhaps a `note`.
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
    """What one contestant has shown."""

    name: str
    seconds: np.ndarray
    """seconds a round in each window"""
    first_call: float
    """seconds of the first call, which compiles"""
    facts: dict = dataclasses.field(default_factory=dict)
    """what it says of itself"""
    failed: str = ""
    """why it has no times, or no more of them; "" if all went well"""

    @property
    def median(self) -> float:
        """Seconds a round."""
        return float(np.median(self.seconds))


def in_turn(
    contestants: dict[str, list[str]],
    rounds: int,
    windows: int,
    *,
    with_facts: bool = False,
    keep_going: bool = False,
    back_and_forth: bool = False,
    environments: dict[str, dict[str, str]] | None = None,
    folders: dict[str, Path] | None = None,
) -> list[Result]:
    """Start all contestants, and ask for one window of each in turn.

    Args:
        contestants: name -> arguments after the Python interpreter.
        rounds: in a window.
        windows: how many count, after a first call and one window to warm up.
        with_facts: ask each contestant for its facts too, before the first calls.
        keep_going: a contestant that cannot run drops out, its result says why (`failed`), and
            the others go on.
        back_and_forth: every second turn has the opposite order (A B, B A, A B, ...), so that a
            machine that grows slower is unfair to nobody.
        environments: name -> environment variables that this contestant alone gets.
        folders: name -> the folder in which it is started.

    Returns:
        One result for each contestant, in order.

    Raises:
        ValueError: names the contestant that cannot run, unless keep_going.
    """
    environments = environments or {}
    folders = folders or {}
    turns = _Turns(keep_going)
    try:
        for name, arguments in contestants.items():
            environment = environments.get(name, {})
            turns.start(_Contestant(name, arguments, environment, folders.get(name)))
        if with_facts:
            # Before anyone compiles: who answers has started, and slows the others no more.
            for name in contestants:
                turns.ask_for_facts(name)
        for name in contestants:
            turns.ask_for_first_call(name, rounds)
        for window in range(windows + 1):
            names = list(contestants)
            if back_and_forth and window % 2:
                names.reverse()
            for name in names:
                turns.ask_for_window(name, rounds, counts=window > 0)  # the first is warm-up
    finally:
        turns.end()
    return list(turns.results.values())


class _Turns:
    """The contestants that are running, and what all have shown."""

    def __init__(self, keep_going: bool):
        self.keep_going = keep_going
        self.running: dict[str, _Contestant] = {}
        self.results: dict[str, Result] = {}

    def start(self, contestant: _Contestant) -> None:
        self.running[contestant.name] = contestant
        self.results[contestant.name] = Result(contestant.name, np.array([]), float("nan"))

    def ask_for_facts(self, name: str) -> None:
        self._keep(name, facts=self._ask(name, "facts") or {})

    def ask_for_first_call(self, name: str, rounds: int) -> None:
        seconds = self._ask(name, rounds)
        if seconds is not None:
            self._keep(name, first_call=seconds)

    def ask_for_window(self, name: str, rounds: int, counts: bool) -> None:
        seconds = self._ask(name, rounds)
        if seconds is not None and counts:
            windows = self.results[name].seconds
            self._keep(name, seconds=np.append(windows, seconds / rounds))

    def end(self) -> None:
        for contestant in self.running.values():
            contestant.end()

    def _ask(self, name: str, request: int | str) -> Any:
        """The answer; None from a contestant that has dropped out."""
        if name not in self.running:
            return None
        try:
            return self.running[name].ask(request)
        except ValueError as error:
            if not self.keep_going:
                raise
            self._keep(name, failed=str(error))
            self.running.pop(name).end()  # or it might compute while others are measured
            return None

    def _keep(self, name: str, **fields: Any) -> None:
        self.results[name] = dataclasses.replace(self.results[name], **fields)


class _Contestant:
    """A process that answers requests, a line each."""

    def __init__(
        self,
        name: str,
        arguments: list[str],
        environment: dict[str, str],
        folder: Path | None = None,
    ):
        self.name = name
        # A file and not a pipe: a pipe that nobody reads fills up, and then blocks its writer.
        self.errors = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
        try:
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                text=True,
                env={**os.environ, **environment},
                cwd=folder,
            )
        except OSError:
            self.errors.close()
            raise

    def ask(self, request: int | str) -> Any:
        """The answer to a request: a number of rounds, or "facts".

        Raises:
            ValueError: the process has ended, with the last thing that it said; or its answer is
                no JSON.
        """
        try:
            self.process.stdin.write(f"{request}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ValueError(self._why_it_ended())
        try:
            return json.loads(line)
        except json.JSONDecodeError:  # something that a library printed
            said = f"{line.strip()!r:.100}"
            raise ValueError(f"{self.name} cannot be measured: its answer was {said}.") from None

    def _why_it_ended(self) -> str:
        code = self.process.wait()
        self.errors.seek(0)
        last = rows.said(self.errors.read())[-1].rstrip(".")
        if code < 0:
            return (
                f"{self.name} cannot run: {rows.end(code)}, {last}. "
                "(Perhaps memory was short: try a smaller batch.)"
            )
        way_out = ""
        if last.startswith(("ModuleNotFoundError", "ImportError")):
            way_out = " (Peers: pip install -e '.[peers]'.)"
        return f"{self.name} cannot run: {last}.{way_out}"

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.communicate()
        self.errors.close()
