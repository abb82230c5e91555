"""A measurement is a row: made in a process of its own, kept as one line of JSON.

A fresh process has an empty memory, its own compiled functions and its own peak of memory; and if it
dies, of too large a batch for instance, that is a row which says so, and the next one goes on.

    process                                    who started it
    main(measure)   <- options as JSON ---     ask("benchmarks.contestants.one_train_step", options)
                    --- the row as JSON ->
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console

RESULTS = Path("benchmarks/results")
MEASURED, OUT_OF_MEMORY, NOT_SUPPORTED, FAILED = (
    "measured",
    "out of memory",
    "not supported",
    "failed",
)
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
)  # in whatever case
WHERE = ("Detected at node", "File ", "<stack traces")
REMARK = re.compile(  # what TensorFlow logs in any case; cuInit: on a machine without a GPU
    r"[IW]\d{4} |E\d{4} .*failed call to cuInit|WARNING: All log messages|\d{4}-\d\d-\d\d [\d:.]+: [IW] |"
    r"To enable the following instructions: "
)
WINDOW_SECONDS = 0.5


# ---------------------------------------------------------------- the side that measures


def main(measure) -> None:
    """Read the options from the command line, print measure(options) as one line."""
    options = json.loads(sys.argv[1])
    print("\n" + json.dumps(attempt(measure, options)), flush=True)


def attempt(measure, options: dict) -> dict:
    """options and what measure(options) tells, or why it could not."""
    try:
        return {**options, "status": MEASURED, "message": "", **measure(options)}
    except Exception as error:  # whatever a library raises: it becomes the row's message
        return {**options, **what_went_wrong(f"{type(error).__name__}: {error}")}


def what_went_wrong(text: str) -> dict:
    own = said(text)
    short = own[0]
    told = [
        re.sub(r"^\(\d+\) *", "", line)
        for line in own[1:]
        if not line.startswith(WHERE) and not re.match(r"\d+ root error", line)
    ]
    if (
        short.endswith("Graph execution error:") and told
    ):  # TensorFlow tells where, and only then what
        short = f"{short.split(':')[0]}: {told[0]}"
    short = re.sub(r"\{\{.*?\}\} ?", "", short)  # {{names of nodes}}
    for line in own:
        if any(words in line.lower() for words in OF_MEMORY):
            return {"status": OUT_OF_MEMORY, "message": line[:300]}
    return {"status": FAILED, "message": short[:300]}


def said(text: str) -> list[str]:
    """The lines of what a process wrote to stderr, without what TensorFlow logs anyway; at least one."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line and not REMARK.match(line)] or ["it said nothing"]


def end(code: int) -> str:
    """An exit code in words; -n: ended by signal n."""
    names = {each.value: each.name for each in signal.Signals}
    return (
        f"exit code {code}"
        if code >= 0
        else f"signal {-code} ({names.get(-code, signal.strsignal(-code))})"
    )


def timed(play, n: int, drain) -> float:
    """Seconds that play(n) takes, until the device is done with it, from when it was done with all before."""
    drain()
    start = time.perf_counter()
    play(n)
    drain()
    return time.perf_counter() - start


def windows(play, drain, count: int, rounds: int | None = None) -> dict:
    """Times play(n), which plays n rounds: the first call, then `count` windows of seconds a round.

    rounds: in a window; None: as many as take about half a second.
    """
    first = timed(play, 1, drain)
    one = timed(play, 1, drain)  # warm-up
    rounds = rounds or max(1, round(WINDOW_SECONDS / max(one, 1e-9)))
    timed(play, rounds, drain)
    seconds = [timed(play, rounds, drain) / rounds for _ in range(count)]
    return {
        **summary(seconds),
        "first_call_seconds": first,
        "windows": count,
        "rounds_a_window": rounds,
    }


def summary(seconds) -> dict:
    low, median, high = np.percentile(seconds, [25, 50, 75])
    return {"seconds": float(median), "quartiles": [float(low), float(high)]}


# ---------------------------------------------------------------- the side that asks


def ask(module: str, options: dict) -> dict:
    """The row of `python -m module` with these options."""
    code, output, errors, memory = _run([sys.executable, "-m", module, json.dumps(options)])
    last = (output.strip().splitlines() or [""])[-1]
    if last.startswith("{"):
        return json.loads(last)
    if code == -signal.SIGKILL:  # what the system does to a process when there is no memory left
        return {
            **options,
            "status": OUT_OF_MEMORY,
            "message": "the system killed the process (signal 9)",
        }
    wrong = what_went_wrong("\n".join(reversed(errors.strip().splitlines())))
    if (
        code < 0 and memory > 0.8 * _all_memory()
    ):  # it was refused more, and libraries use what they did not get
        taken = f"{memory / 1e9:.1f} of the machine's {_all_memory() / 1e9:.1f} GB"
        return {
            **options,
            "status": OUT_OF_MEMORY,
            "message": f"{end(code)}, when the process had {taken}",
        }
    return {**options, **wrong, "message": f"{end(code)}: {wrong['message']}"}


def _run(command: list[str]) -> tuple[int, str, str, int]:
    """-> the exit code (-n: ended by signal n), what it wrote to stdout and to stderr, and the most bytes it had (at
    least those of this process: on Linux one that is started inherits that mark)."""
    environment = {"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}
    with (
        tempfile.TemporaryFile("w+", errors="replace") as output,
        tempfile.TemporaryFile("w+", errors="replace") as log,
    ):
        process = subprocess.Popen(command, stdout=output, stderr=log, env=environment)
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C
            process.kill()
            process.wait()
            raise
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        log.seek(0)
        unit = 1 if sys.platform == "darwin" else 1024
        return process.returncode, output.read(), log.read(), usage.ru_maxrss * unit


def _all_memory() -> int:
    """Bytes of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def check_writable(path: Path) -> None:
    """ValueError if no rows can be kept there: better known before they are measured."""
    _append(path, "")


def keep(row: dict, path: Path) -> None:
    """Append a row to a file of JSON lines."""
    _append(path, json.dumps(row) + "\n")


def _append(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ValueError(
            f"benchmarks: {path} cannot be written: {error.strerror or error}. Choose another --out."
        ) from error


def read(path: Path) -> list[dict]:
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def device_name(found: list[dict]) -> str:
    """What the rows were measured on, or were to be."""
    return next((row["machine"]["device"] for row in found if "machine" in row), found[0]["device"])


def notes(found: list[dict]) -> list[str]:
    """What is to be said below a table: why rows are empty, what memory is meant."""
    reasons = {row["message"]: row["status"] for row in found if row["status"] != MEASURED}
    return [f"{status}: {message}" for message, status in reasons.items()] + sorted(
        {f"memory: peak of {row['memory_of']}" for row in found if "memory_of" in row}
    )


def check_any_measured(owner: str, found: list[dict]) -> None:
    """A table of nothing but reasons ends in an error, for scripts."""
    if not any(row["status"] == MEASURED for row in found):
        raise ValueError(
            f"{owner}: none of the {len(found)} rows could be measured; the first: "
            f"{found[0]['status']} ({found[0]['message']})."
        )


def console() -> Console:
    """Tables have many columns: what is not a terminal is taken to be wide enough for them."""
    ordinary = Console()
    return ordinary if ordinary.is_terminal else Console(width=170)
