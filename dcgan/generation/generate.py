"""python -m dcgan generate: a number of faces, or a face for every id of a file."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tyro
from rich.console import Console

from dcgan.figures import sheets
from dcgan.generation import avatars, writers
from dcgan.generation.ids import Ids, read_ids
from dcgan.generation.pretrained import check_choice
from gan_core import checks, files
from gan_core.app.command_line import say

if TYPE_CHECKING:
    from dcgan.data.labels import Asked
    from dcgan.generation.trained_generator import Generator

ON_A_SHEET = 64
SHEET = Path("runs/faces.png")


@dataclasses.dataclass(frozen=True)
class Generate:
    """Faces from a trained generator: --count of them, or always the same one for each id."""

    run: Path | None = None
    """run folder; none: the generator with labels that comes with the package"""
    without_labels: bool = False
    """of the package's two generators take the one that makes a face from z alone"""
    count: int = 64
    """how many faces; face number i of a seed is the same for every count"""
    ids: str | None = None
    (
        "a face for every id: UTF-8 text file with one id a line (blank lines and spaces around an "
        "id are ignored), - for standard input; needs --out, and replaces --count; index.csv in "
        "the output lists the file of each id"
    )
    part: str | None = None
    (
        "with --ids, the share K/N: 2/4 is the second quarter of the different ids, in the file's "
        "order. N processes, on N GPUs or machines, each with a K and an --out of its own, make "
        "the faces that one would make, byte for byte"
    )
    out: Path | None = None
    """new folder of PNGs, FILE.zip of PNGs (for many ids the better choice), or FILE.npz"""
    label: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    (
        "for a generator that was trained with labels: the label of all faces, such as hair=blue; "
        "may be repeated. Other factors are drawn with the data's frequencies; with --ids they "
        "depend on the id"
    )
    labels: bool = False
    """list the labels that this generator knows, and make nothing"""
    sheet: Path | None = None
    """picture of the first 64 faces; without --out the default is the next free runs/faces.png"""
    overwrite: bool = False
    """replace --out and --sheet if they exist"""
    seed: int = 0
    """seed of the faces; with ids, another seed gives every id another face"""
    truncation: float = 1.0
    """multiply z by this: below 1 faces are more alike, and may be less clear (chapter 10)"""

    def __post_init__(self) -> None:
        checks.integer("Generate", "count", self.count, 1, 10**9)
        checks.integer("Generate", "seed", self.seed, -(2**63), 2**63 - 1)
        checks.boolean("Generate", "overwrite", self.overwrite)
        check_choice("Generate", self.without_labels, self.run, self.label)
        checks.number("Generate", "truncation", self.truncation, above=0.0, high=1.0)
        checks.boolean("Generate", "labels", self.labels)
        if self.ids is not None and self.out is None:
            wanted = "given where there are ids"
            checks.fail("Generate", "out", wanted, "none", "Say --out FILE.zip, or a folder.")
        if self.part is not None:
            self._check_part()
        if self.sheet is not None and Path(self.sheet).suffix.lower() != ".png":
            checks.fail("Generate", "sheet", "a file whose name ends in .png", str(self.sheet))
        if self.out is not None:
            place = writers.place if self.ids is None else avatars.place
            object.__setattr__(self, "out", place(self.out, self.overwrite))
        if self.sheet is not None and self.out is not None:
            self._check_sheet_beside_out()

    def _check_sheet_beside_out(self) -> None:
        """The folder of faces holds no other picture: it may be replaced, or learnt from."""
        if Path(os.path.abspath(self.out)) in Path(os.path.abspath(self.sheet)).parents:
            came = f"{self.sheet}, inside {self.out}"
            way_out = "Put it beside that folder."
            checks.fail("Generate", "sheet", "a file outside the folder of faces", came, way_out)

    def _check_part(self) -> None:
        numbers_of(self.part)
        if self.ids is None:
            wanted = "given where there is a part"
            checks.fail("Generate", "ids", wanted, "none", "Say --ids FILE.")
        if self.ids == "-":
            checks.fail(
                "Generate",
                "ids, of which one part is made,",
                "a file",
                "standard input",
                "Each process reads it whole.",
            )


def numbers_of(part: str) -> tuple[int, int]:
    """ "2/4" -> 2, 4."""
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", part)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        checks.fail("Generate", "part", "K/N with K from 1 to N, such as 2/4", repr(part))
    return int(match[1]), int(match[2])


def generate(config: Generate) -> None:
    """Write the faces and the sheet, and print the speed.

    All options are checked, and every output is claimed, before anything is made.
    """
    console = Console()
    if config.labels:
        _list_labels(config, console)
        return
    sheet = config.sheet
    if sheet is None and config.out is None:
        sheet = sheets.first_free(SHEET)
    with contextlib.ExitStack() as stack:
        if sheet is not None:
            stack.enter_context(files.claimed(sheet, config.overwrite))
        if config.ids is None:
            shown = _numbered(config, sheet is not None, console)
        else:
            shown = _of_ids(config, sheet is not None, console)
        if sheet is not None:
            words = f"wrote {sheets.save(sheets.sheet(shown), sheet)}"
            if config.out is None and config.count > ON_A_SHEET:
                words += f", the first {ON_A_SHEET} faces. For all {config.count:,}: --out FOLDER"
            say(words, console)


def _list_labels(config: Generate, console: Console) -> None:
    """A line for each factor: its values, and how many pictures had each."""
    from dcgan.generation import trained_generator  # slow: it imports TensorFlow

    generator = trained_generator.load(config.run, with_labels=not config.without_labels)
    if generator.labels is None:
        say(f"{generator.name} was trained without labels: there is nothing to ask for.", console)
        return
    for name, counts in generator.labels.value_counts().items():
        parts = []
        for value, count in zip(generator.labels.factors[name], counts, strict=True):
            parts.append(f"{value} ({count:,})")
        say(f"{name}: {', '.join(parts)}", console)
    say("Ask for one with --label FACTOR=VALUE.", console)


def _asked(config: Generate, generator: Generator, console: Console) -> Asked:
    """The labels from --label; warn if two of the values were never together in the training."""
    asked = generator.asked(config.label)
    for pair in itertools.combinations(asked.items(), 2):
        if not generator.labels.pictures_with(dict(pair)):
            words = " and ".join(f"{name}={value}" for name, value in pair)
            say(f"No picture of the training had {words} together: expect poor faces.", console)
    return asked


def _generator(config: Generate):
    from dcgan.generation import trained_generator  # slow: it imports TensorFlow

    generator = trained_generator.load(config.run, with_labels=not config.without_labels)
    return generator.truncated(config.truncation)


def _numbered(config: Generate, with_sheet: bool, console: Console) -> np.ndarray | None:
    """Write faces number 0, 1, ... of the seed; gives the first of them, for the sheet."""
    if config.out is not None:
        with files.claimed(config.out, config.overwrite):  # told before a generator is loaded
            generator = _generator(config)
            asked = _asked(config, generator, console)
            start = time.perf_counter()
            blocks = generator.blocks(config.count, config.seed, asked)
            writers.write(blocks, config.count, config.out, config.overwrite)
        what = f"{config.count:,} faces by {generator.name} in {config.out}"
        _say_rate(console, what, config.count, start)
    else:
        generator = _generator(config)
        asked = _asked(config, generator, console)
    if not with_sheet:
        return None
    return generator.sample(min(config.count, ON_A_SHEET), config.seed, asked)


def _of_ids(config: Generate, with_sheet: bool, console: Console) -> np.ndarray | None:
    """Write the face of every id; gives those of the first ids, for the sheet."""
    part = None if config.part is None else numbers_of(config.part)
    with (
        avatars.claimed(config.out, config.overwrite),  # told before a generator is loaded
        Ids(read_ids(config.ids), config.out.parent) as ids,
    ):
        first, end = (0, ids.count) if part is None else ids.part(*part)
        generator = _generator(config)
        asked = _asked(config, generator, console)
        start = time.perf_counter()
        try:
            done = avatars.write(
                ids,
                generator,
                config.out,
                config.seed,
                part=part,
                overwrite=config.overwrite,
                asked=asked,
            )
        except KeyboardInterrupt:
            say(f"stopped; {config.out} {_what_is_left(config.out)}", console)
            raise SystemExit(130) from None
        share = "" if part is None else f"part {config.part}: "
        repeated = f"{done.repeated:,} repeated lines"
        _say_rate(
            console,
            f"{share}{done.ids:,} ids ({repeated}), {done.made:,} faces made by {generator.name} "
            f"in {config.out}",
            done.made,
            start,
        )
        if not with_sheet:
            return None
        shown = list(itertools.islice(ids.between(first, end), ON_A_SHEET))
        return avatars.Painter(generator, config.seed, asked)(shown)


def _what_is_left(out: Path) -> str:
    if writers.is_file(out):
        return "was not finished, and is gone"
    if (out / writers.MARK).is_file():
        return "is not finished: the same command makes what is missing"
    return "was not begun"


def _say_rate(console: Console, what: str, faces: int, start: float) -> None:
    seconds = time.perf_counter() - start
    say(f"{what}: {seconds:.1f} s, {faces / seconds:,.0f} faces a second", console)
