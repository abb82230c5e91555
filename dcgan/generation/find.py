"""From pictures back to z: find the z whose generated face is nearest to each picture.

python -m dcgan find --image me.png
python -m dcgan find --image me.png --run runs/asked --label hair=blue --label glasses=no
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tyro
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dcgan.data.form import USUAL, Form
from dcgan.figures import sheets
from gan_core import checks, files
from gan_core.app.command_line import say

if TYPE_CHECKING:
    from dcgan.data.labels import Asked, LabelSet
    from dcgan.generation.trained_generator import Generator
    from dcgan.latent.inversion import Found, Labels

SHEET = Path("runs/found.png")
LIKE_ITSELF = 30.0  # decibels: an error of 8 grey levels, hard to see
CANDIDATES = 2048  # faces from which the starts are chosen
MOST_SHOWN = 16  # pictures on the sheet
LINES = 16  # of the table


@dataclasses.dataclass(frozen=True)
class Find:
    """Find the z whose faces are nearest to pictures, by gradient descent on the pixels' error."""

    image: tuple[Path, ...] = ()
    (
        "picture files of any kind that training reads; they are made square, and grey, as in the "
        "training of this generator"
    )
    generated: int = 0
    (
        "in place of --image: this many faces of the generator itself, for which a z exists; shows "
        "how well the search works"
    )
    run: Path | None = None
    (
        "run folder; none: the generator without labels that comes with the package, and with "
        "--label its generator with labels"
    )
    label: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    (
        "for a generator that was trained with labels: what is known of the pictures' label, such "
        "as hair=blue; may be repeated. The values of other factors are searched for"
    )
    starts: int = 8
    """number of starting points for each picture; the best result is kept"""
    steps: int = 800
    """steps of the descent"""
    seed: int = 0
    """seed of the faces from which the starts are chosen, and of --generated"""
    out: Path | None = None
    """a .png with the pictures and the faces that were found; none: the next free runs/found.png"""
    z: Path | None = None
    """FILE.npy for the z that were found; prints the command that walks from one to another"""
    overwrite: bool = False
    """replace --out and --z if they exist"""

    def __post_init__(self) -> None:
        checks.integer("Find", "generated", self.generated, 0, 10_000)
        checks.integer("Find", "starts", self.starts, 1, 1000)
        checks.integer("Find", "steps", self.steps, 1, 10**6)
        checks.integer("Find", "seed", self.seed, -(2**63), 2**63 - 2)  # generated: seed + 1 too
        checks.boolean("Find", "overwrite", self.overwrite)
        if bool(self.image) == bool(self.generated):
            came = "both" if self.image else "neither"
            way_out = "Give --image FILE.png, or --generated 50 to test the search."
            checks.fail("Find", "image", "given, or generated", came, way_out)
        for name, ending in (("out", ".png"), ("z", ".npy")):
            file = getattr(self, name)
            if file is not None and Path(file).suffix.lower() != ending:
                checks.fail("Find", name, f"a file whose name ends in {ending}", str(file))


def find(config: Find) -> None:
    """Search, and write the sheet and the z.

    The pictures are read, and every place claimed, before the search starts.
    """
    console = Console()
    sheet = sheets.first_free(SHEET) if config.out is None else config.out
    with contextlib.ExitStack() as stack:
        for place in (sheet, config.z):
            if place is not None:
                stack.enter_context(files.claimed(place, config.overwrite))
        _find(config, sheet, console)


def _find(config: Find, sheet: Path, console: Console) -> None:
    from dcgan.generation import trained_generator  # slow: they import TensorFlow
    from dcgan.latent import inversion

    generator = trained_generator.load(config.run, with_labels=bool(config.label))
    if generator.samples is None:
        way_out = "Its SavedModel is from an older version: export it again by resuming the run."
        wanted = "a generator that is differentiable"
        checks.fail("find", "run", wanted, generator.name, way_out)
    asked = generator.asked(config.label)
    names, pictures = _pictures(config, generator, asked)
    with console.status(f"looking for {len(pictures)} z, {config.starts} starts each"):
        found = inversion.find(
            generator.samples,
            generator.latent_dim,
            pictures,
            labels=_known(generator, asked, config.seed),
            starts=config.starts,
            candidates=CANDIDATES,
            steps=config.steps,
            seed=config.seed,
        )
    _tell(names, found, generator, asked, console)
    written = [sheets.save(_sheet(pictures, found.faces), sheet)]
    if config.z is not None:
        files.write_atomically(config.z, lambda file: np.save(file, found.z))
        written.append(config.z)
    say(f"Wrote {' and '.join(map(str, written))}", console)
    if config.z is not None:
        say(f"To walk there: {_walk_command(config, generator, found)}", console)


def _known(generator: Generator, asked: Asked, seed: int) -> Labels | None:
    """What is known of the pictures' labels; None if the generator takes none."""
    from dcgan.latent.inversion import Labels

    known = generator.labels
    if known is None:
        return None
    free = {
        factor: len(values)
        for factor, (name, values) in enumerate(known.factors.items())
        if name not in asked
    }
    return Labels(generator.labels_of(CANDIDATES, seed, asked), free)


def _pictures(config: Find, generator: Generator, asked: Asked) -> tuple[list[str], np.ndarray]:
    """Their names, and uint8 [n, size, size, C]."""
    if config.generated:
        # Another seed than the starts': else the descent would start at what it looks for.
        faces = generator.sample(config.generated, config.seed + 1, asked)
        return [f"generated face {i}" for i in range(config.generated)], faces
    pictures = read(config.image, generator.size, generator.form)
    return [str(file) for file in config.image], pictures


def read(images: tuple[str | os.PathLike, ...], size: int, form: Form = USUAL) -> np.ndarray:
    """Pictures as training reads them.

    Args:
        images: files.
        size: pixels of a side.
        form: that of the generator.

    Returns:
        uint8 [n, size, size, C].

    Raises:
        ValueError: if one cannot be read, or is not a picture.
    """
    from dcgan.data import images as decoder

    pictures = []
    for file in images:
        try:
            files.refuse_a_device(Path(file))
            data = Path(file).read_bytes()
        except OSError as error:
            reason = error.strerror or str(error)
            checks.fail("find", "image", "a file that can be read", f"{file}: {reason}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Pillow's, of odd metadata and of sizes
                pictures.append(decoder.decode(data, size, form))
        except decoder.UnusableImageError as error:
            checks.fail("find", "image", "a picture", f"{file}: {error}")
    return np.stack(pictures)


def _tell(
    names: list[str], found: Found, generator: Generator, asked: Asked, console: Console
) -> None:
    """A line for each picture, how many were found, and the labels if they were searched for."""
    from dcgan.latent import space

    table = Table("picture")
    for name in ("PSNR in dB", "error in grey levels", "norm of z"):
        table.add_column(name, justify="right")
    lengths = space.norms(found.z)
    for i, name in enumerate(names[:LINES]):
        decibels = found.psnr[i]
        error = 255.0 * 10.0 ** (-decibels / 20.0)
        table.add_row(Text(name), f"{decibels:.1f}", f"{error:.1f}", f"{lengths[i]:.1f}")
    console.print(table)
    share = np.mean(found.psnr >= LIKE_ITSELF)
    mean, sd = space.shell(generator.latent_dim)
    say(
        f"{len(names)} pictures by {generator.name}: PSNR {np.median(found.psnr):.1f} dB (median), "
        f"{100 * share:.0f} % have {LIKE_ITSELF:.0f} dB or more. Samples of the prior have norms "
        f"{mean:.1f} ± {sd:.1f}.",
        console,
    )
    known = generator.labels
    if known is None or len(asked) == len(known.factors):
        return
    for name, label in zip(names[:LINES], found.labels, strict=False):
        say(f"Label of {name}: {_options(label, known)}", console)


def _walk_command(config: Find, generator: Generator, found: Found) -> str:
    """Starts at the first picture; two are needed to walk from one to another."""
    parts = ["python -m dcgan walk"]
    if config.run is not None:
        parts.append(f"--run {shlex.quote(str(config.run))}")
    parts.append(f"--z {shlex.quote(str(config.z))}")
    if len(found.z) == 1:
        parts.append("--kind traverse")
    if generator.labels is not None:
        parts.append(_options(found.labels[0], generator.labels))
    return " ".join(parts)


def _options(label: np.ndarray, known: LabelSet) -> str:
    """A label as options of `walk` and `generate`."""
    values = zip(known.factors, known.words(label), strict=True)
    return " ".join(f"--label {shlex.quote(f'{name}={value}')}" for name, value in values)


def _sheet(pictures: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Each picture above the face that was found."""
    pictures = pictures[:MOST_SHOWN]
    faces = faces[:MOST_SHOWN]
    pairs = np.concatenate([pictures, faces], axis=1)
    return sheets.sheet(pairs)
