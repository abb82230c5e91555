"""Has a change made the step faster or slower? Two git revisions, run in turn on this machine, now.

    python -m benchmarks.compare v1.0 HEAD                    the DCGAN round
    python -m benchmarks.compare HEAD . --step toy            . is the working tree, changed files and all
    python -m benchmarks.compare HEAD HEAD                    how far apart equal code comes out here

A time from last week says nothing on a machine that is shared; a ratio of two times taken next to
each other does. Both revisions are started afresh `starts` times, and in each start they are asked
for `windows` windows, A B, B A, A B, ... So the two see the same weather, and a process that was
lucky in how its memory came to lie counts as one of several.

Which code comes from where: `gan_core`, `toy` and `dcgan` from the revision (`git archive` into a
temporary folder; the checkout and the index are not touched, and what is in no commit is not
measured); this file, the harness and the contestant, which builds the networks and asks for
rounds, from the tree in which the command is run, for both. So the ruler is one and the same, and
a revision from before there were benchmarks can be measured. A revision too old for the
contestant is told in one line.

The verdict: the interval in which the median of the paired ratios lies with 95 % (sign test,
`benchmarks.measure.ratios`). Windows of one start are more alike than those of two, so the starts must agree on the side of 1
as well: of six all of them, of nine all but one (the same test, of the starts' ratios). If the interval contains 1,
or if they do not agree: "no difference that this run can see", which is not "no difference": more windows and more
starts see smaller ones.
"""

import contextlib
import dataclasses
import io
import json
import os
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import tyro
from rich.console import Console

from benchmarks.measure import devices, harness
from benchmarks.measure.ratios import Ratio, median_interval, ratio
from dcgan.config import SIZES
from gan_core import checks
from gan_core.app.command_line import run

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gan_core", "toy", "dcgan")


@dataclasses.dataclass(frozen=True)
class Config:
    base: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="BASE")]
    """the revision that is compared with: a commit, branch or tag, or . for the working tree"""
    head: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="HEAD")]
    """the revision that is looked at, likewise"""
    step: Literal["dcgan", "toy"] = "dcgan"
    """which round"""
    batch_size: int = 128
    """samples in a batch"""
    size: int = 64
    """dcgan: pixels of a picture, each way: 32, 64 or 128"""
    width: int = 64
    """dcgan: channels at the pictures' end of both networks"""
    latent_dim: int = 100
    """dcgan: numbers in z"""
    hidden: int = 32
    """toy: units in each hidden layer"""
    mode: Literal["xla", "graph", "eager"] | None = None
    """how a round is compiled; none: as each revision does by itself"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] | None = None
    """dcgan: the convolutions; none: as each revision does by itself"""
    rounds: int | None = None
    """rounds in one window; none: 500 for toy, 1 for dcgan (on a GPU 100)"""
    windows: int = 5
    """windows of each revision in a start, after one to warm up"""
    starts: int = 6
    """times that both are started afresh"""

    def __post_init__(self):
        for name in ("batch_size", "width", "latent_dim", "hidden", "windows", "starts"):
            checks.integer("Config", name, getattr(self, name), 1)
        checks.one_of("Config", "size", self.size, SIZES)
        if self.rounds is not None:
            checks.integer("Config", "rounds", self.rounds, 1)
        if self.step == "toy" and self.convolution is not None:
            raise ValueError("Config: convolution is for --step dcgan.")


@dataclasses.dataclass(frozen=True)
class Comparison:
    """seconds a round in each window, [starts, windows] of both; first calls [starts], which compile."""

    base: np.ndarray
    head: np.ndarray
    base_first: np.ndarray
    head_first: np.ndarray

    @property
    def ratio(self) -> Ratio:
        return ratio(self.head.ravel(), self.base.ravel())

    @property
    def by_start(self) -> list[float]:
        """The ratio of medians in each start."""
        return [
            ratio(head, base).of_medians for head, base in zip(self.head, self.base, strict=True)
        ]

    @property
    def starts_interval(self) -> tuple[float, float]:
        """Where the median of the starts' ratios lies with 95 %; from the least to the greatest if they are too few."""
        low, high = median_interval(self.by_start)
        return (low, high) if np.isfinite(high) else (min(self.by_start), max(self.by_start))

    @property
    def verdict(self) -> str:
        sides = {np.sign(end - 1.0) for end in self.starts_interval}
        if not self.ratio.differs or len(sides) > 1:
            return "no difference that this run can see"
        median = self.ratio.of_medians
        return (
            f"head is slower: it takes {median:.3f} times as long"
            if sides == {1.0}
            else f"head is faster: it takes {median:.3f} times as long"
        )


def command(config: Config) -> list[str]:
    """The contestant's arguments after the Python interpreter; the same for both revisions."""
    sizes = ["hidden"] if config.step == "toy" else ["size", "width", "latent_dim", "convolution"]
    options = {
        "batch": config.batch_size,
        **{name: getattr(config, name) for name in [*sizes, "mode"]},
    }
    return [
        "-m",
        f"benchmarks.contestants.ours_{config.step}_step",
        json.dumps({name: value for name, value in options.items() if value is not None}),
    ]


def compare(
    base: Path, head: Path, arguments: list[str], rounds: int, windows: int, starts: int
) -> Comparison:
    """base, head: folders that hold the packages.  arguments: of the contestant, as `harness.in_turn` wants them.

    ValueError if a revision cannot run it, or would run code that is not its own.
    """
    folders = {"base": base, "head": head}
    # The revision's packages are found first, in the folder of the process itself; `benchmarks`, which is not there, in
    # this tree.
    environments = {
        name: {
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "TF_FORCE_GPU_ALLOW_GROWTH": "true",
        }
        for name in folders
    }
    seen = []
    for _ in range(starts):
        results = harness.in_turn(
            dict.fromkeys(folders, arguments),
            rounds,
            windows,
            with_facts=True,
            back_and_forth=True,
            environments=environments,
            folders=folders,
        )
        for result in results:
            if Path(result.facts["from"]) != folders[result.name].resolve():
                checks.fail(
                    "benchmarks.compare",
                    f"{result.name}'s code",
                    f"from {folders[result.name]}",
                    result.facts["from"],
                )
        seen.append(results)
    return Comparison(
        *(np.array([start[i].seconds for start in seen]) for i in (0, 1)),
        *(np.array([start[i].first_call for start in seen]) for i in (0, 1)),
    )


@contextlib.contextmanager
def checked_out(revision: str, repository: Path = ROOT):
    """The folder in which this revision's packages lie, and what it is called: ("3f2a1bc Faster D"); removed
    afterwards, on Ctrl-C too. "." is the working tree itself.

    ValueError if this is no git checkout, or there is no such revision, or it has no gan_core.
    """
    if revision == ".":
        yield repository, "the working tree"
        return
    if subprocess.run(
        ["git", "-C", repository, "rev-parse", "--git-dir"], capture_output=True, check=False
    ).returncode:
        raise ValueError(
            f"benchmarks.compare: {repository} is no git checkout, so it has no revisions to compare."
        )
    commit = _git(
        repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"
    )
    if not commit:
        checks.fail(
            "benchmarks.compare",
            "a revision",
            "a commit, branch or tag, or . for the working tree",
            repr(revision),
            "See: git log --oneline",
        )
    commit = commit.decode().strip()
    present = _git(repository, "ls-tree", "--name-only", commit).decode().split("\n")
    if "gan_core" not in present:
        checks.fail("benchmarks.compare", "a revision", "one that has gan_core", repr(revision))
    archive = _git(
        repository,
        "archive",
        "--format=zip",
        commit,
        *(name for name in PACKAGES if name in present),
    )
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(archive)) as packages:
            packages.extractall(folder)
        yield Path(folder), _git(repository, "log", "-1", "--format=%h %s", commit).decode().strip()


def _git(repository: Path, *arguments) -> bytes:
    return subprocess.run(
        ["git", "-C", repository, *arguments], capture_output=True, check=False
    ).stdout


def main(config: Config) -> None:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    with (
        checked_out(config.base) as (base, base_name),
        checked_out(config.head) as (head, head_name),
    ):
        console.print(f"base: {base_name}\nhead: {head_name}")
        if "." not in (config.base, config.head) and _git(
            ROOT, "status", "--porcelain", "--", *PACKAGES
        ):
            console.print(
                "(The working tree has changes that are in neither; . would measure them.)"
            )
        rounds = devices.rounds_a_window(config.step, config.rounds)
        found = compare(base, head, command(config), rounds, config.windows, config.starts)
    for line in lines(found):
        console.print(line)


def lines(found: Comparison) -> list[str]:
    """What is printed of a comparison."""
    versus = found.ratio
    low, high = versus.interval
    starts, windows = found.base.shape
    both = (("base", found.base, found.base_first), ("head", found.head, found.head_first))
    interval = f"{low:.3f} – {high:.3f}" if np.isfinite(high) else "none (it takes 6 windows)"
    return [
        *(
            f"{name}: {np.median(seconds) * 1e3:.4g} ms a round (median of {starts} x {windows} windows), "
            f"first window {np.median(first):.1f} s"
            for name, seconds, first in both
        ),
        f"head / base: {versus.of_medians:.3f}, quartiles {versus.quartiles[0]:.3f} – {versus.quartiles[1]:.3f}, "
        f"95 % interval {interval}, by start {', '.join(f'{value:.3f}' for value in found.by_start)}",
        found.verdict,
    ]


if __name__ == "__main__":
    run(
        Config,
        main,
        "Has a change made the step faster or slower? Two git revisions, run in turn.",
        "python -m benchmarks.compare",
    )
