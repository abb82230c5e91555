"""Walks through the latent space, as a strip of faces with ||z|| below each.

python -m dcgan walk
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import tyro
from PIL import Image, ImageDraw, ImageFont

from dcgan.figures import sheets
from gan_core import checks, files
from gan_core.app.command_line import say

if TYPE_CHECKING:
    from dcgan.generation.trained_generator import Generator

Kind = Literal["ray", "switch", "fix", "slerp", "lerp", "traverse"]
STRIP = Path("runs/walk.png")
SHARE_FIXED = 0.35
LABEL = 14  # pixels, the height of the line below a face
USED_BY = {
    "second": ("slerp", "lerp"),
    "z": ("slerp", "lerp", "traverse"),
    "coordinate": ("traverse",),
    "span": ("traverse",),
    "keep_norm": ("traverse",),
}
"""Option -> the kinds of walk that it changes, if not all."""


@dataclasses.dataclass(frozen=True)
class Walk:
    """Simple walks (ray, switch, fix), between two samples (slerp, lerp), or along one number."""

    kind: Kind = "slerp"
    (
        "ray: c (1, ..., 1), c from 1 to -1; switch: ones, of which more and more become -1; fix: "
        "the first 35 % of z are 1 and the others drawn; slerp, lerp: from one sample to another, "
        "along the arc or the line; traverse: change one number of z"
    )
    run: Path | None = None
    (
        "run folder; none: the generator without labels that comes with the package, and with "
        "--label its generator with labels"
    )
    steps: int = 10
    """faces in the strip"""
    seed: int = 0
    """of the samples"""
    first: int = 0
    (
        "number of the sample that slerp, lerp and traverse begin at (the one that `generate` "
        "gives this number)"
    )
    second: int = 1
    (
        "slerp, lerp: number of the sample that the walk ends at; of a generator with labels its "
        "z, with the label of the first"
    )
    coordinate: int = 0
    """traverse: which number of z"""
    span: float = 3.0
    """traverse: it goes from -span to span, at most 1,000; the prior seldom lies beyond 3"""
    keep_norm: bool = False
    """traverse: scale the other numbers so that ||z|| stays"""
    z: Path | None = None
    """slerp, lerp, traverse: FILE.npy of z, as find writes it; first and second are its rows"""
    truncation: float = 1.0
    """multiply every z of the walk by it, above 0 and at most 1"""
    columns: int = 10
    """faces in a row"""
    label: tyro.conf.UseAppendAction[tuple[str, ...]] = ()
    (
        "of a generator that was trained with labels: what the faces of the whole walk have, such "
        "as hair=blue; may be repeated. Other factors are those of face number --first"
    )
    out: Path | None = None
    """the strip, a .png; none: runs/walk.png, or the next free"""
    gif: Path | None = None
    """the same as an animation, there and back"""
    overwrite: bool = False
    """replace --out and --gif if they exist"""

    def __post_init__(self) -> None:
        checks.one_of("Walk", "kind", self.kind, get_args(Kind))
        checks.integer("Walk", "steps", self.steps, 2, 10_000)
        checks.integer("Walk", "columns", self.columns, 1, 1000)
        checks.integer("Walk", "first", self.first, 0, 10**6)
        checks.integer("Walk", "second", self.second, 0, 10**6)
        checks.integer("Walk", "coordinate", self.coordinate, 0)
        checks.integer("Walk", "seed", self.seed, -(2**63), 2**63 - 1)
        checks.number("Walk", "span", self.span, above=0.0, high=1000.0)
        checks.number("Walk", "truncation", self.truncation, above=0.0, high=1.0)
        checks.boolean("Walk", "keep_norm", self.keep_norm)
        checks.boolean("Walk", "overwrite", self.overwrite)
        for name, ending in (("out", ".png"), ("gif", ".gif")):
            file = getattr(self, name)
            if file is not None and Path(file).suffix.lower() != ending:
                checks.fail("Walk", name, f"a file whose name ends in {ending}", str(file))
        self._options_are_used()

    def _options_are_used(self) -> None:
        for field in dataclasses.fields(self):
            kinds = USED_BY.get(field.name)
            value = getattr(self, field.name)
            if kinds is None or self.kind in kinds or value == field.default:
                continue
            wanted = f"left out with kind {self.kind}, which does not use it"
            way_out = f"Choose kind {' or '.join(kinds)}, or leave it out."
            checks.fail("Walk", field.name, wanted, str(value), way_out)


def path_of_z(config: Walk, dim: int) -> np.ndarray:
    """The z of a walk.

    Args:
        config: which walk.
        dim: how many numbers z has.

    Returns:
        [steps, dim] float32.

    Raises:
        ValueError: if there is no such coordinate.
    """
    from dcgan.latent import space  # slow: it imports TensorFlow
    from gan_core import rng

    t = np.linspace(0.0, 1.0, config.steps)
    if config.kind == "ray":
        return space.ray(dim, 1.0 - 2.0 * t)
    if config.kind == "switch":
        return space.switch(dim, np.round(t * dim).astype(int))
    if config.kind == "fix":
        fixed = round(SHARE_FIXED * dim)
        return space.fix_part(dim, config.steps, rng.seed(config.seed, "fix"), fixed)
    a = _end(config, "first", dim)
    if config.kind == "traverse":
        checks.integer("Walk", "coordinate", config.coordinate, 0, dim - 1)
        direction = space.coordinate(dim, config.coordinate)
        values = config.span * (2.0 * t - 1.0)
        with checks.renamed("set_component: value", "Walk: span"):
            return space.set_component(a, direction, values, config.keep_norm)
    b = _end(config, "second", dim)
    if config.kind == "slerp":
        return space.slerp(a, b, t)
    return space.lerp(a, b, t)


def walk(config: Walk) -> None:
    """Draw the strip, and the GIF if one is asked for.

    It prints how far from the prior's shell the walk goes. Existing outputs are reported before
    anything is made.
    """
    strip = sheets.first_free(STRIP) if config.out is None else config.out
    with contextlib.ExitStack() as stack:
        stack.enter_context(files.claimed(strip, config.overwrite))
        if config.gif is not None:
            stack.enter_context(files.claimed(config.gif, config.overwrite))
        say(_draw(config, strip))


def _draw(config: Walk, strip: Path) -> str:
    """-> what was drawn, in words."""
    from dcgan.generation import trained_generator  # slow: they import TensorFlow
    from dcgan.latent import space

    generator = trained_generator.load(config.run, with_labels=bool(config.label))
    z = config.truncation * path_of_z(config, generator.latent_dim)
    label = _label(config, generator)
    faces = generator(z, label)
    lengths = space.norms(z)
    labels = [f"|z| = {length:.1f}" for length in lengths]
    written = [sheets.save(labelled(faces, labels, config.columns), strip)]
    if config.gif is not None:
        written.append(sheets.save_gif(_ThereAndBack(faces, labels), config.gif))
    mean, sd = space.shell(generator.latent_dim)
    asked = ""
    if label is not None:
        asked = f", all with {', '.join(generator.labels.words(label[0]))}"
    return (
        f"{config.kind}: {len(z)} faces by {generator.name}{asked}; "
        f"||z|| from {lengths.min():.1f} to {lengths.max():.1f}; "
        f"samples of the prior have {mean:.1f} ± {sd:.1f}. Wrote {' and '.join(map(str, written))}"
    )


class _ThereAndBack(Sequence):
    """The frames of the animation, each of which is drawn when it is asked for."""

    def __init__(self, faces: np.ndarray, labels: list[str]) -> None:
        self._faces = faces
        self._labels = labels
        there = range(len(faces))
        self._order = [*there, *there[-2:0:-1]]

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, i: Any) -> Any:
        face = self._order[i]
        return labelled(self._faces[face : face + 1], [self._labels[face]], 1)


def _label(config: Walk, generator: Generator) -> np.ndarray | None:
    """The label of every face of the walk: that of face number `first`, with what is asked for."""
    asked = generator.asked(config.label)
    labels = generator.labels_of(config.first + 1, config.seed, asked)
    return None if labels is None else np.repeat(labels[-1:], config.steps, axis=0)


def labelled(images: np.ndarray, labels: Sequence[str], columns: int = 10) -> np.ndarray:
    """A sheet of pictures with a short text below each. Small pictures are doubled.

    Args:
        images: uint8 [N, S, S, C], C = 3 or 1.
        labels: N texts.
        columns: pictures in a row.

    Returns:
        uint8 [height, width, C].
    """
    images = np.asarray(images)
    if images.shape[1] < 96:
        images = images.repeat(2, axis=1).repeat(2, axis=2)
    side = images.shape[1]
    channels = images.shape[3]
    cards = np.full([len(images), side + LABEL, side, channels], 255, np.uint8)
    cards[:, :side] = images
    font = ImageFont.load_default(LABEL - 3)
    for i, text in enumerate(labels):
        line = Image.new("RGB" if channels == 3 else "L", (side, LABEL), "white")
        ImageDraw.Draw(line).text((side / 2, 0), text, fill="black", font=font, anchor="ma")
        cards[i, side:] = np.asarray(line).reshape(LABEL, side, channels)
    return sheets.sheet(cards, columns)


def _end(config: Walk, name: str, dim: int) -> np.ndarray:
    """The z of face `first` or `second`: of `generate --seed`, or a row of the file of z."""
    number = getattr(config, name)
    if config.z is None:
        from dcgan.generation import trained_generator

        block = trained_generator.block_of_z(number // trained_generator.BLOCK, dim, config.seed)
        return block[number % trained_generator.BLOCK]
    rows = _read_z(config.z, dim)
    checks.integer("Walk", name, number, 0, len(rows) - 1)
    return rows[number]


def _read_z(file: Path, dim: int) -> np.ndarray:
    """[n, dim] float32."""
    wanted = "a .npy file of numbers"
    try:
        files.refuse_a_device(file)
        with file.open("rb") as opened:
            rows = np.lib.format.read_array(opened, allow_pickle=False)
    except OSError as error:
        checks.fail("Walk", "z", wanted, f"{file} ({error.strerror or error})")
    except (ValueError, EOFError):
        checks.fail("Walk", "z", wanted, f"{file}, which NumPy cannot read as one")
    return checks.array("Walk", f"z in {file}", rows, ["n", dim], dtype=np.float32)
