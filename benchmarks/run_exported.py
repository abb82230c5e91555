"""Check and time exported rounds of training with JAX and NumPy alone, on whatever JAX sees.

    python benchmarks/run_exported.py round                      all that was exported
    python benchmarks/run_exported.py round --only bfloat16-64 --windows 20

`python -m benchmarks.export_round` writes the folder. Each round is compiled for the accelerator,
played once and ten times, and compared with the stored values. Then it is timed: windows of rounds
after a warm-up, the median and the quartiles. In the same process a large matrix product in the
same precision and a copy of a large array are timed, as the limits of the machine. This file needs
no other file of the project.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

CHECKED_AFTER = (1, 10)
"""Rounds after which values are stored."""
STORED = 4096
"""How many numbers of a variable are stored at most."""
ROW_TOLERANCE = {"float32": 1e-3, "tf32": 5e-2, "bfloat16": 1e-1}
"""How far each number of a row may be off, relative to 1 + its size."""
STATE_TOLERANCE = {"float32": 0.1, "tf32": 0.5, "bfloat16": 0.9}
"""How far a variable may be off, relative to how far it moved; counts must be equal.

Adam's first steps have the size of the learning rate and the sign of the gradient, so a gradient
near 0 that rounds to the other side moves its parameter the other way: this is no tight bound.
A round that did something else would be off by more than 1."""
WINDOW_SECONDS = 0.5
MOST = 10**9
"""The greatest value of an option: the square of it is a number of 64 bits."""


def some_of(values: np.ndarray) -> np.ndarray:
    """At most 4,096 of an array's numbers, evenly spread over it, as a vector."""
    flat = np.ravel(values)
    if len(flat) <= STORED:
        return flat
    return flat[np.linspace(0, len(flat) - 1, STORED).astype(np.int64)]


class Round:
    """One exported round, compiled for the device, and its state.

    Args:
        folder: what `benchmarks.export_round` wrote.
        about: this round's entry in rounds.json.
    """

    def __init__(self, folder: Path, about: dict[str, Any]):
        import jax
        from jax.extend import backend

        self.about = about
        self.put = jax.device_put
        self.wait = jax.block_until_ready
        module = (folder / about["module"]).read_text(encoding="utf-8")
        device = jax.devices()[0]
        self.executable = backend.get_backend().compile_and_load(module, [device])
        with np.load(folder / "initial.npz") as initial:
            self.initial = {name: initial[name] for name in about["arguments"][1:]}
        with np.load(folder / about["values"]) as values:
            self.values = dict(values)
        self.reset()

    def reset(self) -> None:
        """Put the state back to what it was before the first round."""
        arrays = [self.values["real"], *self.initial.values()]
        self.arguments = [self.put(array) for array in arrays]

    def play(self, n: int) -> list[list[Any]]:
        """Play n rounds: the rows, each a list of scalars on the device.

        The old state's memory is used for the new one, so the arguments are replaced at once.
        """
        found = []
        for _ in range(n):
            outputs = self.executable.execute(self.arguments)
            for output, argument in self.about["updated"]:
                self.arguments[argument] = outputs[output]
            found.append(outputs[: len(self.about["row_names"])])
        return found

    def drain(self) -> None:
        """Wait until the device is done."""
        self.wait(self.arguments)

    def check(self) -> dict[int, tuple[float, float]]:
        """Play from the initial state and compare with the stored values.

        Returns:
            After 1 and 10 rounds: the largest relative error of a row's number, and how far the
            worst variable is off, relative to how far it moved.
        """
        self.reset()
        found = {}
        seen: list[list[float]] = []
        for count in CHECKED_AFTER:
            played = self.play(count - len(seen))
            for row in played:
                seen.append([float(value) for value in row])
            wanted = self.values[f"rows_{count}"]
            row_error = np.max(np.abs(np.array(seen) - wanted) / (1.0 + np.abs(wanted)))
            found[count] = (float(row_error), self._state_error(count))
        return found

    def _state_error(self, count: int) -> float:
        errors = []
        for name, now in zip(self.initial, self.arguments[1:], strict=True):
            came = some_of(np.asarray(now))
            wanted = self.values[f"{count}/{name}"]
            errors.append(variable_error(some_of(self.initial[name]), wanted, came))
        return float(np.max(errors))  # NaN if one is


def variable_error(start: np.ndarray, wanted: np.ndarray, came: np.ndarray) -> float:
    """How far a variable is off, relative to how far it was to move; inf if a count is wrong.

    Args:
        start: its numbers before the first round, [n].
        wanted: those that are stored, [n].
        came: those that the device gave, [n].
    """
    if np.array_equal(came, wanted):
        return 0.0
    if np.issubdtype(wanted.dtype, np.integer):
        return float("inf")
    off = np.linalg.norm(came.astype(np.float64) - wanted)
    moved = np.linalg.norm(wanted.astype(np.float64) - start)
    return float(off / moved) if moved else float("inf")


def why_wrong(precision: str, errors: dict[int, tuple[float, float]]) -> str:
    """What is wrong with the values, in words; "" if nothing is."""
    for count, (row_error, state_error) in errors.items():
        if not row_error <= ROW_TOLERANCE[precision]:  # so that NaN is wrong too
            return f"after {count} rounds a loss is off by {row_error:.2g}"
        if not state_error <= STATE_TOLERANCE[precision]:
            return f"after {count} rounds a variable is off by {state_error:.2g} of its way"
    return ""


def timed(play: Callable[[int], Any], n: int, drain: Callable[[], Any]) -> float:
    """Seconds that play(n) takes, from when the device was done until it is done again."""
    drain()
    start = time.perf_counter()
    play(n)
    drain()
    return time.perf_counter() - start


def windows(
    play: Callable[[int], Any], drain: Callable[[], Any], count: int, rounds: int | None = None
) -> tuple[float, float, float]:
    """Quartiles of seconds a round: (25 %, median, 75 %).

    Args:
        play: play(n) plays n rounds.
        drain: waits until the device is done.
        count: windows that count, after some to warm up.
        rounds: in a window; None: as many as take about half a second.
    """
    timed(play, 1, drain)
    one = timed(play, 1, drain)
    rounds = rounds or max(1, round(WINDOW_SECONDS / max(one, 1e-9)))
    timed(play, rounds, drain)
    seconds = [timed(play, rounds, drain) / rounds for _ in range(count)]
    low, median, high = np.percentile(seconds, [25, 50, 75])
    return float(low), float(median), float(high)


def peaks(precision: str, side: int, numbers: int, count: int) -> tuple[float, float]:
    """What the device can do: (FLOP/s of a matrix product, bytes/s of a copy), medians.

    Args:
        precision: float32, tf32 or bfloat16, of the product.
        side: the side of the matrices.
        numbers: float32 numbers in the array that is copied.
        count: windows of each.
    """
    import jax
    import jax.numpy as jnp

    dtype = jnp.bfloat16 if precision == "bfloat16" else jnp.float32
    how = "highest" if precision == "float32" else "default"
    matrix = jax.random.uniform(jax.random.key(0), (side, side), jnp.float32).astype(dtype)
    product = jax.jit(lambda a: jnp.matmul(a, a, precision=how))
    copy = jax.jit(jnp.copy)
    array = jnp.ones([numbers], jnp.float32)
    seconds = []
    for function, argument in ((product, matrix), (copy, array)):
        last = [function(argument)]

        def play(n, function=function, argument=argument, last=last):
            for _ in range(n):
                last[0] = function(argument)

        def drain(last=last):
            jax.block_until_ready(last)

        _, median, _ = windows(play, drain, count)
        seconds.append(median)
    return 2.0 * side**3 / seconds[0], 2 * 4.0 * numbers / seconds[1]


def whole_number(text: str) -> int:
    """A whole number from 1 to MOST, for argparse."""
    wanted = f"must be a whole number from 1 to {MOST}, got {text:.40}"
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(wanted) from None
    if not 1 <= number <= MOST:
        raise argparse.ArgumentTypeError(wanted)
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Check and time all rounds that are asked for.

    Returns:
        0, or 1 if values were wrong or a round could not be run, or 2 if none could.
    """
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="what benchmarks.export_round wrote")
    parser.add_argument("--only", nargs="*", help="names, as float32-64; none: all")
    parser.add_argument("--windows", type=whole_number, default=20, help="windows of each")
    parser.add_argument(
        "--rounds", type=whole_number, help="rounds in a window; none: half a second's"
    )
    parser.add_argument(
        "--side", type=whole_number, help="of the matrices; none: 2048, on a GPU 8192"
    )
    parser.add_argument(
        "--numbers", type=whole_number, default=2**26, help="in the array that is copied"
    )
    parser.add_argument("--out", type=Path, help="a file to which a line of JSON a round is added")
    options = parser.parse_args(arguments)
    if importlib.util.find_spec("jax") is None:
        print("error: there is no jax here. Get it with: pip install jax", file=sys.stderr)
        return 2
    try:
        about = json.loads((options.folder / "rounds.json").read_text(encoding="utf-8"))
        names = [each["name"] for each in about["rounds"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"error: {options.folder} holds no exported rounds: {error}", file=sys.stderr)
        return 2
    only = options.only or names
    for name in only:
        if name not in names:
            print(f"error: --only must be some of {', '.join(names)}, got {name}", file=sys.stderr)
            return 2
    try:
        _add(options.out, "")
    except OSError as error:
        print(f"error: --out {options.out} cannot be written: {error.strerror}", file=sys.stderr)
        return 2
    chosen = [each for each in about["rounds"] if each["name"] in only]
    wrong = 0
    failed = 0
    for each in chosen:
        try:
            row = _row(options, each)
        except Exception as error:  # whatever a library raises costs only this round
            first_line = str(error).partition("\n")[0]
            reason = f"{type(error).__name__}: {first_line:.300}"
            print(f"error: {each['name']} cannot run: {reason}", file=sys.stderr)
            failed += 1
            continue
        print(_line(row), flush=True)
        wrong += row["wrong"] != ""
        _add(options.out, json.dumps(row) + "\n")
    if failed == len(chosen):
        return 2
    return 1 if wrong or failed else 0


def _add(path: Path | None, text: str) -> None:
    """Add text to a file; None: to no file."""
    if path is not None:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)


def _row(options: argparse.Namespace, about: dict[str, Any]) -> dict[str, Any]:
    """Check and time one round."""
    import jax

    jax.config.update("jax_enable_x64", True)  # the trainer's step is an int64
    device = jax.devices()[0]
    start = time.perf_counter()
    one = Round(options.folder, about)
    compiled = time.perf_counter() - start
    errors = one.check()
    low, median, high = windows(one.play, one.drain, options.windows, options.rounds)
    side = options.side or (2048 if device.platform == "cpu" else 8192)
    precision = about["precision"]
    operations, bandwidth = peaks(precision, side, options.numbers, options.windows)
    return {
        "name": about["name"],
        "device": device.device_kind,
        "library": f"JAX {jax.__version__}",
        "seconds": median,
        "quartiles": [low, high],
        "images_a_second": about["batch_size"] / median,
        "compile_seconds": compiled,
        "errors": {str(count): error for count, error in errors.items()},
        "wrong": why_wrong(precision, errors),
        "matrix_tflops": operations / 1e12,
        "copy_gb_a_second": bandwidth / 1e9,
    }


def _line(row: dict[str, Any]) -> str:
    low, high = row["quartiles"]
    verdict = f"WRONG: {row['wrong']}" if row["wrong"] else "values as stored"
    return (
        f"{row['name']} on {row['device']}: {1e3 * row['seconds']:.4g} ms a round "
        f"(quartiles {1e3 * low:.4g} – {1e3 * high:.4g}), {row['images_a_second']:,.0f} images/s; "
        f"{verdict}; matrix product {row['matrix_tflops']:.3g} TFLOP/s, "
        f"copy {row['copy_gb_a_second']:.3g} GB/s"
    )


if __name__ == "__main__":
    sys.exit(main())
