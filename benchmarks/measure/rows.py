"""Each measurement runs in a process of its own and gives one row, stored as a line of JSON.

A new process starts with empty memory and no compiled functions, and has its own peak of memory. If
it ends with an error, for instance because the batch is too large, its row holds the error, and the
next row is measured all the same.

    process                                    who started it
    main(measure)   <- options as JSON ---     ask("benchmarks.contestants.one_train_step", options)
                    --- the row as JSON ->
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

import numpy as np
from rich.console import Console

Row = dict[str, Any]

RESULTS = Path("benchmarks/results")
MEASURED = "measured"
OUT_OF_MEMORY = "out of memory"
NOT_SUPPORTED = "not supported"
FAILED = "failed"
OF_MEMORY = (
    "out of memory",
    "out_of_memory",
    "oom when allocating",
    "resourceexhausted",
    "resource_exhausted",
    "memoryerror",
    "bad_alloc",
    "failed to allocate",
    "alloc_failed",
)  # in upper or lower case
WHERE = ("Detected at node", "File ", "<stack traces")
REMARK = re.compile(  # what TensorFlow logs in any case; cuInit: on a machine without a GPU
    r"[IW]\d{4} "
    r"|E\d{4} .*failed call to cuInit"
    r"|WARNING: All log messages"
    r"|\d{4}-\d\d-\d\d [\d:.]+: [IW] "
    r"|To enable the following instructions: "
)
WINDOW_SECONDS = 0.5


# ---------------------------------------------------------------- the side that measures


def main(measure: Callable[[Row], Row]) -> None:
    """Read the options from the command line, and print measure(options) as one line."""
    options = json.loads(sys.argv[1])
    print("\n" + json.dumps(attempt(measure, options)), flush=True)


def attempt(measure: Callable[[Row], Row], options: Row) -> Row:
    """The options, and the results of measure(options) or the reason why it failed."""
    try:
        return {**options, "status": MEASURED, "message": "", **measure(options)}
    except Exception as error:  # whatever a library raises becomes the row's message
        return {**options, **what_went_wrong(f"{type(error).__name__}: {error}")}


def what_went_wrong(text: str) -> dict[str, str]:
    """The `status` and `message` of a row that could not be measured.

    Args:
        text: the error message, with the most important line first.
    """
    own = said(text)
    for line in own:
        if any(words in line.lower() for words in OF_MEMORY):
            return {"status": OUT_OF_MEMORY, "message": line[:300]}
    short = own[0]
    if short.endswith("Graph execution error:"):  # TensorFlow names the place first, then the error
        causes = [line for line in own[1:] if _is_a_cause(line)]
        if causes:
            cause = re.sub(r"^\(\d+\) *", "", causes[0])
            short = f"{short.split(':')[0]}: {cause}"
    short = re.sub(r"\{\{.*?\}\} ?", "", short)  # {{names of nodes}}
    return {"status": FAILED, "message": short[:300]}


def _is_a_cause(line: str) -> bool:
    return not line.startswith(WHERE) and not re.match(r"\d+ root error", line)


def said(text: str) -> list[str]:
    """The lines that a process wrote to stderr, without those that TensorFlow logs in any case.

    The list has at least one line.
    """
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not REMARK.match(line)] or ["it said nothing"]


def end(code: int) -> str:
    """An exit code in words.

    Args:
        code: -n means that the process was ended by signal n.
    """
    if code >= 0:
        return f"exit code {code}"
    names = {each.value: each.name for each in signal.Signals}
    name = names.get(-code, signal.strsignal(-code))
    return f"signal {-code} ({name})"


def timed(play: Callable[[int], Any], n: int, drain: Callable[[], Any]) -> float:
    """Seconds from the start of play(n) until the device has finished its work.

    The clock starts when the device has finished all earlier work.
    """
    drain()
    start = time.perf_counter()
    play(n)
    drain()
    return time.perf_counter() - start


class Stopwatch:
    """Seconds of the clock and of all threads of this process, since it was made."""

    def __init__(self) -> None:
        self.clock = time.perf_counter()
        self.processor = time.process_time()

    def seconds(self) -> dict[str, float]:
        """Both, by name."""
        return {
            "clock": time.perf_counter() - self.clock,
            "processor": time.process_time() - self.processor,
        }


def windows(
    play: Callable[[int], Any], drain: Callable[[], Any], count: int, rounds: int | None = None
) -> Row:
    """Times of the first call, and then of `count` windows, in seconds per round.

    `seconds` is wall-clock time. `processor_seconds` is the CPU time of all threads of this
    process, which other programs on the same machine change far less.

    Args:
        play: play(n) plays n rounds.
        drain: waits until the device is done.
        count: the number of windows after the warm-up.
        rounds: the number of rounds in a window; None: as many as take about half a second.
    """
    first = timed(play, 1, drain)
    one = timed(play, 1, drain)  # warm-up
    rounds = rounds or max(1, round(WINDOW_SECONDS / max(one, 1e-9)))
    timed(play, rounds, drain)
    return {"first_call_seconds": first, **windows_that_count(play, drain, count, rounds)}


def windows_that_count(
    play: Callable[[int], Any], drain: Callable[[], Any], count: int, rounds: int
) -> Row:
    """Times of `count` windows, in seconds per round, without a warm-up.

    Args:
        play: play(n) plays n rounds.
        drain: waits until the device is done.
        count: the number of windows.
        rounds: the number of rounds in a window.
    """
    seconds = []
    processor = []
    for _ in range(count):
        before = time.process_time()
        seconds.append(timed(play, rounds, drain) / rounds)
        processor.append((time.process_time() - before) / rounds)
    return {
        **summary(seconds),
        "processor_seconds": float(np.median(processor)),
        "windows": count,
        "rounds_a_window": rounds,
    }


def cells_of_times(row: Row, units_a_second: float = 1e3) -> list[str]:
    """The median and the quartiles of a measured row, as a table shows them.

    Args:
        row: with `seconds` and `quartiles`.
        units_a_second: the table's units of time in a second; 1000 for milliseconds.
    """
    low, high = (units_a_second * seconds for seconds in row["quartiles"])
    return [plain(units_a_second * row["seconds"]), f"{plain(low)} – {plain(high)}"]


def plain(number: float, digits: int = 4) -> str:
    """A number with so many significant digits; a large one as a whole number, not as 1.2e+04.

    Example:
        >>> [plain(number) for number in (0.012345, 1573.4, 12345.6)]
        ['0.01235', '1573', '12,346']
    """
    shown = f"{number:.{digits}g}"
    return f"{number:,.0f}" if "e+" in shown else shown


def of_one_part(times: Row, parts: int) -> Row:
    """The result of `windows` per part, if each of its rounds had this many equal parts."""
    low, high = times["quartiles"]
    return {
        **times,
        "seconds": times["seconds"] / parts,
        "quartiles": [low / parts, high / parts],
        "processor_seconds": times["processor_seconds"] / parts,
        "rounds_a_window": times["rounds_a_window"] * parts,
    }


def summary(seconds: Sequence[float]) -> Row:
    """The median as `seconds`, and the `quartiles`."""
    low, median, high = np.percentile(seconds, [25, 50, 75])
    return {"seconds": float(median), "quartiles": [float(low), float(high)]}


# ---------------------------------------------------------------- the side that asks


def ask(module: str, options: Row) -> Row:
    """The row that `python -m module` measures with these options, in a process of its own."""
    code, output, errors, memory = run([sys.executable, "-m", module, json.dumps(options)])
    lines = output.strip().splitlines()
    if lines and lines[-1].startswith("{"):
        return json.loads(lines[-1])
    if code == -signal.SIGKILL:  # how Linux ends a process when memory runs out
        message = "the system killed the process (signal 9)"
        return {**options, "status": OUT_OF_MEMORY, "message": message}
    all_memory = _all_memory()
    if code < 0 and memory > 0.8 * all_memory:
        # An allocation failed, and some libraries then write to address 0.
        had = f"{memory / 1e9:.1f} of the machine's {all_memory / 1e9:.1f} GB"
        message = f"{end(code)}, when the process had {had}"
        return {**options, "status": OUT_OF_MEMORY, "message": message}
    last_line_first = "\n".join(reversed(errors.strip().splitlines()))
    wrong = what_went_wrong(last_line_first)
    return {**options, **wrong, "message": f"{end(code)}: {wrong['message']}"}


def run(command: list[str]) -> tuple[int, str, str, int]:
    """Run a process to its end.

    Returns:
        The exit code (-n: ended by signal n), what it wrote to stdout, what it wrote to stderr,
        and its peak of memory in bytes. That is at least the peak of this process, because on Linux
        a process inherits the peak of the process that starts it.
    """
    # TensorFlow's errors are kept: they may tell why a process ended.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    with (
        sigterm_as_ctrl_c(),
        tempfile.TemporaryFile("w+", errors="replace") as output,
        tempfile.TemporaryFile("w+", errors="replace") as log,
    ):
        process = subprocess.Popen(command, stdout=output, stderr=log, env=environment)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C, or SIGTERM
            process.kill()
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        log.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        return process.returncode, output.read(), log.read(), usage.ru_maxrss * unit


class Terminated(KeyboardInterrupt):
    """SIGTERM came.

    Attributes:
        exit_code: the code that a command ends with, as `gan_core.app.stopping` reads it.
    """

    exit_code = 128 + signal.SIGTERM


@contextlib.contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Within the block SIGTERM raises `Terminated`, so that other processes are ended too.

    It would otherwise end this process alone, and a training that it has started would go on.
    """

    def terminate(number: int, frame: FrameType | None) -> None:
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _all_memory() -> int:
    """This machine's memory in bytes."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def check_writable(path: Path) -> None:
    """Check, before anything is measured, that rows can be written to this file.

    Raises:
        ValueError: if they cannot; the message names the file.
    """
    _append(path, "")


def keep(row: Row, path: Path) -> None:
    """Append a row to a file of JSON lines."""
    _append(path, json.dumps(row) + "\n")


def _append(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "ab+") as file:
            if _ends_within_a_line(file):  # of a process that was killed, or had no room
                file.write(b"\n")
            file.write(text.encode("utf-8"))
    except OSError as error:
        raise ValueError(
            f"benchmarks: {path} cannot be written: {error.strerror or error}. "
            "Choose another --out."
        ) from error


def _ends_within_a_line(file: BinaryIO) -> bool:
    if file.seek(0, os.SEEK_END) == 0:
        return False
    file.seek(-1, os.SEEK_END)
    return file.read(1) != b"\n"


def read(path: Path) -> list[Row]:
    """All rows of a file, without a line that was cut off; none where there is no file."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            found.append(json.loads(line))
    return found


def device_name(found: list[Row]) -> str:
    """The device that the rows were measured on, or would have been if all had not failed."""
    for row in found:
        if "machine" in row:
            return row["machine"]["device"]
    return found[0]["device"]


def notes(found: list[Row]) -> list[str]:
    """The lines below a table: why rows are empty, and which memory was measured."""
    reasons = {row["message"]: row["status"] for row in found if row["status"] != MEASURED}
    memories = {f"memory: peak of {row['memory_of']}" for row in found if "memory_of" in row}
    return [f"{status}: {message}" for message, status in reasons.items()] + sorted(memories)


def check_any_measured(owner: str, found: list[Row]) -> None:
    """Raise an error if no row at all could be measured, so that the exit code tells scripts.

    Raises:
        ValueError: if so, with the first row's message.
    """
    if not any(row["status"] == MEASURED for row in found):
        raise ValueError(
            f"{owner}: none of the {len(found)} rows could be measured; the first: "
            f"{found[0]['status']} ({found[0]['message']})."
        )


def console() -> Console:
    """The console that tables are printed on: 170 columns wide if stdout is not a terminal."""
    ordinary = Console()
    return ordinary if ordinary.is_terminal else Console(width=170)


def say(where: Console, words: str) -> None:
    """Print words unchanged: no colours, no markup, no added line breaks."""
    where.print(words, highlight=False, markup=False, soft_wrap=True)
