"""python -m dcgan generate: so many faces, or a face for every id of a file."""

import dataclasses
import re
import time
from pathlib import Path

from rich.console import Console

from dcgan.figures import sheets
from dcgan.generation import avatars, trained_generator, writers
from gan_core import checks

ON_A_SHEET = 64


@dataclasses.dataclass(frozen=True)
class Generate:
    """Faces from a trained generator: --count of them, or one for each of --ids, the same one for ever."""

    run: Path | None = None
    """run folder; none: the generator that comes with the package"""
    count: int = 64
    """how many faces; face number i of a seed is the same for every count"""
    ids: str | None = None
    (
        "a face for every id: UTF-8 text file with an id a line (blank lines and spaces around an id do not count), - for "
        "standard input; needs --out, and takes the place of --count; index.csv there says which file is whose"
    )
    part: str | None = None
    (
        "with --ids, the share K/N: 2/4 is the second quarter of the different ids, in the file's order. N processes, on "
        "N GPUs or machines, each with a K and an --out of its own, make the faces that one would make, byte for byte"
    )
    out: Path | None = None
    """new folder of PNGs, FILE.zip of PNGs (for many ids the better choice), or FILE.npz, array images"""
    sheet: Path | None = None
    """picture of the first 64 faces; where there is no --out: runs/faces.png"""
    seed: int = 0
    """of the faces; with ids, another seed gives every id another face"""

    def __post_init__(self):
        checks.integer("Generate", "count", self.count, 1, 10**9)
        checks.integer("Generate", "seed", self.seed, -(2**63), 2**63 - 1)
        if self.ids is not None and self.out is None:
            checks.fail(
                "Generate",
                "out",
                "given where there are ids",
                "none",
                "Say --out FILE.zip, or a folder.",
            )
        if self.part is not None:
            _numbers(self.part)
            if self.ids is None:
                checks.fail(
                    "Generate", "ids", "given where there is a part", "none", "Say --ids FILE."
                )
        if self.sheet is not None and Path(self.sheet).suffix.lower() != ".png":
            checks.fail("Generate", "sheet", "a file whose name ends in .png", str(self.sheet))
        if self.out is None and self.sheet is None:
            object.__setattr__(self, "sheet", Path("runs/faces.png"))


def generate(config: Generate) -> None:
    """Write the faces and the sheet, and say at which rate."""
    console = Console()
    if config.ids is not None:
        shown = _generate_for_ids(config, console)
    else:
        generator = trained_generator.load(config.run)
        if config.out is not None:
            start = time.perf_counter()
            writers.write(generator.blocks(config.count, config.seed), config.count, config.out)
            _say(
                console,
                f"{config.count:,} faces by {generator.name} in {config.out}",
                config.count,
                start,
            )
        shown = (
            generator.sample(min(config.count, ON_A_SHEET), config.seed) if config.sheet else None
        )
    if config.sheet is not None:
        console.print(
            f"wrote {sheets.save(sheets.sheet(shown), config.sheet)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _generate_for_ids(config, console):
    """-> the faces of the first ids, for the sheet."""
    first = []

    def passing(ids):
        for one in ids:
            if len(first) < ON_A_SHEET and one not in first:
                first.append(one)
            yield one

    generator, start = trained_generator.load(config.run), time.perf_counter()
    try:
        ids = (
            avatars.part_of(config.ids, *_numbers(config.part))
            if config.part
            else avatars.read_ids(config.ids)
        )
        done = avatars.write(passing(ids), generator, config.out, config.seed)
    except KeyboardInterrupt:
        way_out = (
            "was not finished, and is gone"
            if config.out.suffix.lower() == ".zip"
            else "is not finished: the same command goes on with what is missing"
        )
        console.print(
            f"stopped; {config.out} {way_out}", markup=False, highlight=False, soft_wrap=True
        )
        raise SystemExit(130) from None
    share = f"part {config.part}: " if config.part else ""
    _say(
        console,
        f"{share}{done.ids:,} ids ({done.repeated:,} repeated lines), {done.made:,} faces made by "
        f"{generator.name} in {config.out}",
        done.made,
        start,
    )
    return (
        generator(avatars.latents(first, generator.latent_dim, config.seed))
        if config.sheet
        else None
    )


def _numbers(part: str) -> tuple[int, int]:
    """ "2/4" -> 2, 4."""
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", part)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        checks.fail("Generate", "part", "K/N with K from 1 to N, such as 2/4", repr(part))
    return int(match[1]), int(match[2])


def _say(console, what, faces, start):
    seconds = time.perf_counter() - start
    console.print(
        f"{what}: {seconds:.1f} s, {faces / seconds:,.0f} faces a second",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
