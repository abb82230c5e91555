"""Train a contestant of `benchmarks.quality` for a given time.

A contestant trains, and generates a fixed number of faces every few minutes. Only the time of the
training counts, including compiling. The time in which faces are generated and written to disk does
not count.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measure import rows
from gan_core import checks

LOG = "log.jsonl"
DIGITS = 3  # of the minutes in LOG, behind the point
SECONDS_BETWEEN_LOOKS_AT_THE_CLOCK = 2.0


def clock() -> float:
    """Seconds, from some moment on."""
    return time.perf_counter()


def train(
    play: Callable[[int], Any],
    sample: Callable[[int], np.ndarray],
    options: dict[str, Any],
    facts: dict[str, Any],
    spent: float = 0.0,
) -> None:
    """Play rounds until the minutes are over, at least one, and show faces every few minutes.

    Args:
        play: play(n) plays n rounds and returns when the device is done with them.
        sample: sample(n) gives n generated faces, uint8 [n, S, S, 3].
        options: out, the contestant's own folder; minutes, of training in all; every, the minutes
            after which faces are shown; count, how many; batch, faces in a batch.
        facts: what the contestant is: its `library`, and perhaps a `note`.
        spent: seconds of its minutes that are over already.

    The folder then has count faces for each mark, in round_00000512.npz, say, and a line about each
    in LOG: its `minutes`, `rounds`, `images` shown to D, and `file`.
    """
    out = Path(options["out"])
    every = 60.0 * options["every"]
    budget = 60.0 * options["minutes"]
    _write_line(out, {"facts": facts})
    seconds = spent
    mark = every
    rounds = 0
    at_a_time = 1
    while True:
        start = clock()
        play(at_a_time)
        took = clock() - start
        seconds += took
        rounds += at_a_time
        if seconds >= min(mark, budget):
            file = f"round_{rounds:08d}.npz"
            _save(out / file, sample(options["count"]))
            images = rounds * options["batch"]
            minutes = round(seconds / 60.0, DIGITS)
            _write_line(out, {"minutes": minutes, "rounds": rounds, "images": images, "file": file})
            mark += every * max(1, np.ceil((seconds - mark) / every))
        if seconds >= budget:
            return
        at_a_time = _rounds_that_fit(at_a_time, took)


def _rounds_that_fit(rounds: int, took: float) -> int:
    """How many rounds until the clock is looked at again, at most twice as many as before."""
    wanted = rounds * SECONDS_BETWEEN_LOOKS_AT_THE_CLOCK / max(took, 1e-6)
    return max(1, min(2 * rounds, int(wanted)))


def _save(file: Path, faces: np.ndarray) -> None:
    """The faces, under this name only when all of them are there."""
    unfinished = file.with_name(f".{file.name}")
    with open(unfinished, "wb") as opened:
        np.savez(opened, images=faces)
    os.replace(unfinished, file)


def _write_line(out: Path, line: dict[str, Any]) -> None:
    with open(out / LOG, "a", encoding="utf-8") as log:
        log.write(json.dumps(line) + "\n")


def lines(out: Path) -> list[dict[str, Any]]:
    """What a contestant has written; a last line that was cut off is passed over."""
    return rows.read(out / LOG)


def epochs_of_batches(images: np.ndarray, batch: int, seed: int) -> Callable[[], np.ndarray]:
    """A function that gives the next batch [batch, S, S, 3] uint8: every image once an epoch.

    What is left at the end of an epoch and fills no batch is left out.

    Raises:
        ValueError: if there are fewer images than a batch has.
    """
    if len(images) < batch:
        wanted = f"at least {batch}, a batch of this recipe"
        checks.fail("quality", "faces to learn from", wanted, f"{len(images)}", "Take more faces.")
    random = np.random.default_rng(seed)
    order: list[np.ndarray] = []

    def next_batch() -> np.ndarray:
        if not order:
            shuffled = random.permutation(len(images))
            whole = len(images) // batch * batch
            order.extend(shuffled[:whole].reshape(-1, batch))
        return images[np.sort(order.pop())]

    return next_batch


def of_the_command_line() -> dict[str, Any]:
    """The options that the command gave this process."""
    return json.loads(sys.argv[1])
