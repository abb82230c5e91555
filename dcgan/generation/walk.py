"""Walks through the latent space, as a strip of faces with ||z|| below each (python -m dcgan walk)."""

import dataclasses
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console

from dcgan.figures import sheets
from dcgan.generation import trained_generator
from dcgan.latent import space
from gan_core import checks, rng

LABEL = 14  # pixels, the height of the line below a face


@dataclasses.dataclass(frozen=True)
class Walk:
    """The lab's walks (ray, switch, fix), a path between two samples (slerp, lerp), or along one number (traverse)."""

    kind: Literal["ray", "switch", "fix", "slerp", "lerp", "traverse"] = "slerp"
    (
        "ray: c (1, ..., 1), c from 1 to -1; switch: ones, of which more and more are -1; fix: the first 35 % of z are 1 "
        "and the others drawn; slerp, lerp: from a sample to another by the arc or the line; traverse: one number of z"
    )
    run: Path | None = None
    """run folder; none: the generator that comes with the package"""
    steps: int = 10
    """faces in the strip"""
    seed: int = 0
    """of the samples"""
    first: int = 0
    """number of the sample that slerp, lerp and traverse begin at (the one that `generate` gives this number)"""
    second: int = 1
    """number of the sample that slerp and lerp end at"""
    coordinate: int = 0
    """traverse: which number of z"""
    span: float = 3.0
    """traverse: it goes from -span to span; samples of the prior seldom lie beyond 3"""
    keep_norm: bool = False
    """traverse: scale the other numbers so that ||z|| stays"""
    columns: int = 10
    """faces in a row"""
    out: Path = Path("runs/walk.png")
    """the strip"""
    gif: Path | None = None
    """the same as an animation, there and back"""

    def __post_init__(self):
        checks.one_of(
            "Walk", "kind", self.kind, ["ray", "switch", "fix", "slerp", "lerp", "traverse"]
        )
        for name, low, high in (
            ("steps", 2, 10_000),
            ("columns", 1, 1000),
            ("first", 0, 10**6),
            ("second", 0, 10**6),
            ("coordinate", 0, None),
        ):
            checks.integer("Walk", name, getattr(self, name), low, high)
        checks.integer("Walk", "seed", self.seed, -(2**63), 2**63 - 1)
        checks.number("Walk", "span", self.span, above=0.0)
        for name, endings in (("out", (".png",)), ("gif", (".gif",))):
            file = getattr(self, name)
            if file is not None and Path(file).suffix.lower() not in endings:
                checks.fail("Walk", name, f"a file whose name ends in {endings[0]}", str(file))


def path_of_z(config: Walk, dim: int) -> np.ndarray:
    """The z of the walk: [steps, dim] float32."""
    t = np.linspace(0.0, 1.0, config.steps)
    if config.kind == "ray":
        return space.ray(dim, 1.0 - 2.0 * t)
    if config.kind == "switch":
        return space.switch(dim, np.round(t * dim).astype(int))
    if config.kind == "fix":
        return space.fix_part(dim, config.steps, rng.seed(config.seed, "fix"), round(0.35 * dim))
    a, b = (_sample(dim, number, config.seed) for number in (config.first, config.second))
    if config.kind == "traverse":
        checks.integer("Walk", "coordinate", config.coordinate, 0, dim - 1)
        values = config.span * (2.0 * t - 1.0)
        return space.set_component(
            a, space.coordinate(dim, config.coordinate), values, config.keep_norm
        )
    return (space.slerp if config.kind == "slerp" else space.lerp)(a, b, t)


def walk(config: Walk) -> None:
    """Draw the strip, and the GIF if one is asked for; say how far from the prior's shell the walk goes."""
    generator = trained_generator.load(config.run)
    z = path_of_z(config, generator.latent_dim)
    faces, lengths = generator(z), space.norms(z)
    labels = [f"|z| = {length:.1f}" for length in lengths]
    written = [sheets.save(labelled(faces, labels, config.columns), config.out)]
    if config.gif is not None:
        frames = [
            labelled(face[None], [label], 1) for face, label in zip(faces, labels, strict=True)
        ]
        written.append(sheets.save_gif([*frames, *frames[-2:0:-1]], config.gif))
    mean, sd = space.shell(generator.latent_dim)
    Console().print(
        f"{config.kind}: {len(z)} faces, ||z|| from {lengths.min():.1f} to {lengths.max():.1f}; samples of "
        f"the prior have {mean:.1f} ± {sd:.1f}. Wrote {' and '.join(map(str, written))}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def labelled(images, labels, columns: int = 10) -> np.ndarray:
    """A sheet of uint8 [N, S, S, 3] with a short text below each: uint8 [.., .., 3]. Small pictures are doubled."""
    images = np.asarray(images)
    images = images.repeat(2, axis=1).repeat(2, axis=2) if images.shape[1] < 96 else images
    side = images.shape[1]
    cards = np.full([len(images), side + LABEL, side, 3], 255, np.uint8)
    cards[:, :side] = images
    font = ImageFont.load_default(LABEL - 3)
    for i, text in enumerate(labels):
        line = Image.new("RGB", (side, LABEL), "white")
        ImageDraw.Draw(line).text((side / 2, 0), text, fill="black", font=font, anchor="ma")
        cards[i, side:] = np.asarray(line)
    return sheets.sheet(cards, columns)


def _sample(dim, number, seed):
    """The z of face `number` of `generate --seed`."""
    return trained_generator.block_of_z(number // trained_generator.BLOCK, dim, seed)[
        number % trained_generator.BLOCK
    ]
