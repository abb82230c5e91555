"""Everything that decides a training run. A field is a flag of `python -m dcgan train`."""

import dataclasses
from pathlib import Path
from typing import Literal

from dcgan.networks import SIZES
from gan_core import checks
from gan_core.losses import LOSSES

AUGMENTATIONS = ("translation", "colour", "cutout")


@dataclasses.dataclass(frozen=True)
class Config:
    """The defaults are for a folder of faces; PRESETS has others."""

    preset: Literal["quick", "full"] | None = None
    (
        "quick: a small network and drawn faces, minutes on a CPU (what happens without --data); full: what happens with "
        "--data, but 150 epochs. The defaults that --help shows are those of what stands before it: --data FACES --help"
    )
    data: Path | None = None
    (
        "folder (with all below it) or zip of pictures (JPEG, PNG, BMP, GIF, WEBP; any sizes, the square at the centre "
        "counts); none: faces that this package draws"
    )
    drawn: int = 20_000
    """how many faces to draw, where there is no data"""
    run: Path | None = None
    """folder for all that the run leaves; none: the first free one of runs/dcgan-1, runs/dcgan-2, ..."""
    resume: Path | None = None
    (
        "go on with the run in this folder; of the other options only epochs, fall, mode, convolution, tensorboard, "
        "strategy, synchronised and data (the same faces in another place) may then be others"
    )
    epochs: int = 30
    """passes over the data"""
    batch_size: int = 128
    """images in a batch, real and generated each; with a strategy, on all devices together"""
    size: int = 64
    """pixels of a picture, each way: 32, 64 or 128"""
    width: int = 64
    """channels at the pictures' end of both networks; they double with every halving"""
    latent_dim: int = 100
    """numbers in z"""
    loss: str = "non-saturating"
    """minimax, non-saturating, least-squares, hinge, wasserstein or relativistic"""
    d_learning_rate: float = 2e-4
    """Adam's, of the discriminator"""
    g_learning_rate: float = 4e-4
    """Adam's, of the generator"""
    fall: float = 0.0
    (
        "share of all epochs, the last ones, in which both learning rates fall in a straight line to 0; of a resumed run "
        "those that are over count too"
    )
    beta_1: float = 0.5
    """Adam's decay of the mean of gradients, in both"""
    gamma: float = 0.3
    (
        "R1 penalty on D: gamma / 2 times the squared gradient at real images, which keeps D from running ahead in a long "
        "training, and makes a round longer; 0: none"
    )
    augment: tuple[Literal["translation", "colour", "cutout"], ...] = AUGMENTATIONS
    (
        "random changes to whatever D is shown, real or generated (Zhao et al. 2020): any of translation, colour, cutout; "
        "--augment with nothing behind it: none"
    )
    flip: bool = True
    """mirror every second image, at random"""
    average: float = 0.999
    """decay of the moving average of G that is judged, shown and kept; 0: G itself"""
    update: Literal["alternating", "simultaneous"] = "alternating"
    """alternating: G learns from the D that has just learnt; simultaneous: as the lab did"""
    momentum: float = 0.9
    """batch norm: share of the old moving average (the lab: 0.1)"""
    epsilon: float = 1e-5
    """batch norm: added to the variance (the lab: 0.8)"""
    seed: int = 0
    """of weights, order, flips, z and augmentation"""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """of the convolutions; tf32 needs an NVIDIA GPU of 2020 or later"""
    mode: Literal["xla", "graph", "eager"] = "graph"
    """how a round is compiled; eager for stepping through in a debugger"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] = "auto"
    (
        "how a convolution is worked out: the same numbers but for rounding, sooner or later; auto: native on a GPU, else "
        "winograd in float32 and subpixel in bfloat16"
    )
    strategy: Literal["none", "mirrored", "multi-worker"] = "none"
    (
        "none: one device; mirrored: all GPUs of this machine, each with a share of every batch; multi-worker: those of "
        "all processes that the environment variable TF_CONFIG names, which must see the same files"
    )
    synchronised: bool = False
    """with a strategy, batch norm over the whole batch and not over each device's share of it"""
    tensorboard: bool = False
    """write event files for TensorBoard too"""

    def __post_init__(self):
        checks.one_of("Config", "size", self.size, SIZES)
        checks.one_of("Config", "loss", self.loss, LOSSES)
        for name, low in (
            ("drawn", 2),
            ("epochs", 1),
            ("batch_size", 2),
            ("width", 1),
            ("latent_dim", 1),
        ):
            checks.integer("Config", name, getattr(self, name), low)
        checks.integer("Config", "seed", self.seed, -(2**50), 2**50)
        for name in ("d_learning_rate", "g_learning_rate", "epsilon"):
            checks.number("Config", name, getattr(self, name), above=0.0)
        checks.number("Config", "gamma", self.gamma, 0.0)
        checks.number("Config", "fall", self.fall, 0.0, 1.0)
        checks.number("Config", "momentum", self.momentum, 0.0, 1.0)
        for name in ("beta_1", "average"):
            checks.number("Config", name, getattr(self, name), 0.0, below=1.0)
        if self.strategy != "none":
            checks.one_of(
                "Config", "mode, where there is a strategy,", self.mode, ["graph", "eager"]
            )
        for name in self.augment:
            checks.one_of("Config", "augment", name, AUGMENTATIONS)
        if self.data is not None:
            object.__setattr__(self, "data", Path(self.data))


PRESETS = {
    "quick": Config(
        preset="quick",
        drawn=4096,
        epochs=6,
        batch_size=16,
        width=32,
        average=0.998,
        gamma=0.0,
        augment=("translation", "cutout"),
    ),  # drawn hair has eight colours, which `colour` would blur
    "full": Config(preset="full", epochs=150),
}

LAB = {
    "update": "simultaneous",
    "momentum": 0.1,
    "epsilon": 0.8,
    "average": 0.0,
    "flip": False,
    "augment": (),
    "gamma": 0.0,
}  # what the lab's recipe changes; its networks, Adam and batch size are ours


def from_json(fields: dict) -> Config:
    """The config that a run's config.json tells of; other fields there are the run's own."""
    known = {field.name for field in dataclasses.fields(Config)}
    values = {name: value for name, value in fields.items() if name in known}
    for name in ("data", "run", "resume"):
        values[name] = None if values.get(name) is None else Path(values[name])
    return Config(**{**values, "augment": tuple(values.get("augment", ()))})
