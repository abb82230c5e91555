"""Has a change made the step faster or slower? Two git revisions, measured in turn in one run.

    python -m benchmarks.compare HEAD~1 HEAD          the DCGAN round
    python -m benchmarks.compare HEAD . --step toy    . is the working tree, with changed files
    python -m benchmarks.compare HEAD HEAD            the difference that equal code shows here

On a shared machine a time from last week says nothing, but the ratio of two times measured next to
each other does. Both revisions are started `starts` times, and in each start they are measured for
`windows` windows, A B, B A, A B, ... So both have the same load of the machine, and chance effects
of a single process, such as its place in memory, count for only one of several starts.

Where the code comes from: `gan_core`, `toy`, `dcgan` and `benchmarks` are those of the revision
(`git archive` into a temporary folder; the checkout and the index are not touched, and uncommitted
files are not measured). Each revision is measured through its own contestant, the first module of
`CONTESTANTS` that it has, because only that module knows where the revision has its trainer and its
layers. The contestants of two revisions build the same networks from the same options and answer
the same requests (`harness.serve`). This file, and the part of the harness that sends requests, are
those of the tree in which the command is run. A revision that has no benchmarks yet is measured
through this tree's contestant. If a revision cannot be measured like this, one line says so.

The verdict is based on the 95 % interval for the median of the paired ratios (sign test,
`benchmarks.measure.ratios`). Windows of the same start are more alike than windows of different
starts. So the starts must also agree on the side of 1: all of six starts, or all but one of nine
(the same test, for the starts' ratios). If the interval contains 1, or if the starts do not agree,
the verdict is "no difference that this run can see". That does not mean "no difference": with more
windows and starts smaller differences can be detected.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro

from benchmarks.measure import devices, harness, rows
from benchmarks.measure.command import check_picture_size, check_whole_numbers
from benchmarks.measure.ratios import Ratio, median_interval, ratio
from gan_core import checks
from gan_core.app.command_line import run

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gan_core", "toy", "dcgan", "benchmarks")
CONTESTANTS = (
    "benchmarks.contestants.ours_{step}_step",
    "benchmarks.ours_{step}_step",
)
"""Where a revision's own contestant may be, the newest place first."""


@dataclasses.dataclass(frozen=True)
class Config:
    base: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BASE")]
    """the revision to compare with: a commit, branch or tag, or . for the working tree"""
    head: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="HEAD")]
    """the revision to judge: a commit, branch or tag, or . for the working tree"""
    step: Literal["dcgan", "toy"] = "dcgan"
    """which round"""
    batch_size: int = 128
    """samples in a batch"""
    size: int = 64
    """dcgan: height and width of a picture in pixels: 32, 64, 96 or 128"""
    width: int = 64
    """dcgan: channels of both networks at full picture size"""
    latent_dim: int = 100
    """dcgan: numbers in z"""
    hidden: int = 32
    """toy: units in each hidden layer"""
    mode: Literal["xla", "graph", "eager"] | None = None
    """how a round is compiled; none: each revision's own default"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] | None = None
    """dcgan: the convolutions; none: each revision's own default"""
    rounds: int | None = None
    """rounds in one window; none: 500 for toy, 1 for dcgan (on a GPU 100)"""
    windows: int = 5
    """windows of each revision in a start, after one to warm up"""
    starts: int = 6
    """how many times both are started"""

    def __post_init__(self):
        check_whole_numbers(
            self, "batch_size", "width", "latent_dim", "hidden", "windows", "starts", "rounds"
        )
        check_picture_size(self)
        if self.step == "toy" and self.convolution is not None:
            raise ValueError("Config: convolution is for --step dcgan.")


@dataclasses.dataclass(frozen=True)
class Contestant:
    """One revision, ready to be asked."""

    folder: Path
    """holds the revision's packages"""
    arguments: list[str]
    """after the Python interpreter"""


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What both revisions have shown."""

    base: np.ndarray
    """seconds a round in each window, [starts, windows]"""
    head: np.ndarray
    """the same"""
    base_first: np.ndarray
    """seconds of the first calls, which compile, [starts]"""
    head_first: np.ndarray
    """the same"""

    @property
    def ratio(self) -> Ratio:
        """How many times as long the head takes, over all windows."""
        return ratio(self.head.ravel(), self.base.ravel())

    @property
    def by_start(self) -> list[float]:
        """The ratio of medians in each start."""
        pairs = zip(self.head, self.base, strict=True)
        return [ratio(head, base).of_medians for head, base in pairs]

    @property
    def starts_interval(self) -> tuple[float, float]:
        """Where the median of the starts' ratios lies with 95 %.

        If there are too few starts to say, from the least to the greatest ratio.
        """
        low, high = median_interval(self.by_start)
        if np.isfinite(high):
            return low, high
        return min(self.by_start), max(self.by_start)

    @property
    def verdict(self) -> str:
        """Slower, faster, or no difference that can be seen, in words."""
        sides = {np.sign(end - 1.0) for end in self.starts_interval}
        if not self.ratio.differs or len(sides) > 1:
            return "no difference that this run can see"
        which = "slower" if sides == {1.0} else "faster"
        return f"head is {which}: it takes {self.ratio.of_medians:.3f} times as long"


def command(config: Config, folder: Path = ROOT) -> list[str]:
    """The contestant's arguments after the Python interpreter.

    Args:
        config: what is measured.
        folder: holds the revision's packages. The contestant is the revision's own if it has one,
            else this tree's.
    """
    names = ["mode"]
    if config.step == "toy":
        names.append("hidden")
    else:
        names += ["size", "width", "latent_dim", "convolution"]
    options = {"batch": config.batch_size}
    for name in names:
        value = getattr(config, name)
        if value is not None:  # a revision may be older than the option
            options[name] = value
    return ["-m", contestant_in(folder, config.step), json.dumps(options)]


def contestant_in(folder: Path, step: str) -> str:
    """The module through which the revision in `folder` is asked."""
    modules = [place.format(step=step) for place in CONTESTANTS]
    for module in modules:
        if (folder / module.replace(".", os.sep)).with_suffix(".py").exists():
            return module
    return modules[0]


def compare(
    base: Contestant, head: Contestant, rounds: int, windows: int, starts: int
) -> Comparison:
    """Ask both in turn.

    Args:
        base: what is compared with.
        head: what is looked at.
        rounds: in a window.
        windows: that count, in each start.
        starts: times that both are started afresh.

    Raises:
        ValueError: a revision cannot be asked, or would run code that is not its own.
    """
    contestants = {"base": base, "head": head}
    folders = {name: contestant.folder for name, contestant in contestants.items()}
    # A process finds the packages of the folder in which it is started first; what that folder
    # does not have, as `benchmarks` in an old revision, it finds in this tree.
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = {"PYTHONPATH": path, "TF_FORCE_GPU_ALLOW_GROWTH": "true"}
    seen = []
    for _ in range(starts):
        results = harness.in_turn(
            {name: contestant.arguments for name, contestant in contestants.items()},
            rounds,
            windows,
            with_facts=True,
            back_and_forth=True,
            environments=dict.fromkeys(contestants, environment),
            folders=folders,
        )
        for result in results:
            folder = folders[result.name]
            came_from = result.facts.get("from", "a contestant that does not say")
            if Path(came_from) != folder.resolve():
                checks.fail(
                    "benchmarks.compare", f"{result.name}'s code", f"from {folder}", came_from
                )
        seen.append(results)
    return Comparison(
        base=np.array([base.seconds for base, _ in seen]),
        head=np.array([head.seconds for _, head in seen]),
        base_first=np.array([base.first_call for base, _ in seen]),
        head_first=np.array([head.first_call for _, head in seen]),
    )


@contextlib.contextmanager
def checked_out(revision: str, repository: Path = ROOT) -> Iterator[tuple[Path, str]]:
    """The folder in which a revision's packages lie. It is removed afterwards, on Ctrl-C too.

    Args:
        revision: a commit, branch or tag; "." is the working tree itself.
        repository: the git checkout.

    Yields:
        The folder, and what the revision is called: "3f2a1bc Faster D".

    Raises:
        ValueError: if this is not a git checkout, or a revision does not exist or has no gan_core.
    """
    owner = "benchmarks.compare"
    if revision == ".":
        yield repository, "the working tree"
        return
    if _git(repository, "rev-parse", "--git-dir") == b"":
        raise ValueError(
            f"{owner}: {repository} is no git checkout, so it has no revisions to compare."
        )
    wanted = f"{revision}^{{commit}}"
    found = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted)
    if not found:
        checks.fail(
            owner,
            "a revision",
            "a commit, branch or tag, or . for the working tree",
            repr(revision),
            "See: git log --oneline",
        )
    commit = found.decode().strip()
    present = _git(repository, "ls-tree", "--name-only", commit).decode().split("\n")
    if "gan_core" not in present:
        checks.fail(owner, "a revision", "one that has gan_core", repr(revision))
    packages = [name for name in PACKAGES if name in present]
    archive = _git(repository, "archive", "--format=zip", commit, *packages)
    name = _git(repository, "log", "-1", "--format=%h %s", commit).decode().strip()
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            files.extractall(folder)
        yield Path(folder), name


def _git(repository: Path, *arguments: str) -> bytes:
    """What git prints; nothing if it fails."""
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, check=False).stdout


def main(config: Config) -> None:
    """Compare, and say what was found."""
    console = rows.console()
    with (
        checked_out(config.base) as (base, base_name),
        checked_out(config.head) as (head, head_name),
    ):
        rows.say(console, f"base: {base_name}\nhead: {head_name}")
        if "." not in (config.base, config.head) and _working_tree_differs():
            rows.say(
                console, "(The working tree has changes that are in neither; . would measure them.)"
            )
        found = compare(
            Contestant(base, command(config, base)),
            Contestant(head, command(config, head)),
            devices.rounds_a_window(config.step, config.rounds),
            config.windows,
            config.starts,
        )
    for line in lines(found):
        rows.say(console, line)


def _working_tree_differs() -> bool:
    return _git(ROOT, "status", "--porcelain", "--", *PACKAGES) != b""


def lines(found: Comparison) -> list[str]:
    """What is printed of a comparison."""
    versus = found.ratio
    low, high = versus.interval
    interval = f"{low:.3f} – {high:.3f}" if np.isfinite(high) else "none (it takes 6 windows)"
    by_start = ", ".join(f"{value:.3f}" for value in found.by_start)
    first_quartile, third_quartile = versus.quartiles
    return [
        _line_of_one("base", found.base, found.base_first),
        _line_of_one("head", found.head, found.head_first),
        f"head / base: {versus.of_medians:.3f}, "
        f"quartiles {first_quartile:.3f} – {third_quartile:.3f}, "
        f"95 % interval {interval}, by start {by_start}",
        found.verdict,
    ]


def _line_of_one(name: str, seconds: np.ndarray, first: np.ndarray) -> str:
    starts, windows = seconds.shape
    milliseconds = rows.plain(1e3 * np.median(seconds))
    first_window = np.median(first)
    return (
        f"{name}: {milliseconds} ms a round (median of {starts} x {windows} windows), "
        f"first window {first_window:.1f} s"
    )


if __name__ == "__main__":
    run(Config, main, __doc__.split("\n")[0], "python -m benchmarks.compare")
