"""Generative adversarial networks from first principles, in low-level TensorFlow.

    import gan_core as gan

docs/own.md builds GANs of other papers with it, as short programs.

In reading order; each file answers one question.

    losses      what do the two players want?          latent: what does G start from?
    game        which gradient does each player follow?
    trainer     what is one round?
    penalties   how is the slope of D kept small?      averaging: how are G's weights averaged?
    augment     how are the images that D sees changed at random?

    nn/         what is a layer? dense, activations, sequential, shapes, initializers, dropout, mlp;
                conv, resampling, filters, colour, batch_norm and its gradients, minibatch_std;
                conditional: how does a network use labels? settling, variables, summary, export
                nn/kernels/: how is a convolution computed? three ways
    optim/      how does a gradient change a parameter? schedules: learning rates over time
    runs/       what is a training run? how is it saved, interrupted and resumed?
    devices/    how do several devices share a round? how is a sum the same in every run?
    testing/    which laws does a loss, a penalty or a layer of your own obey?

    data        where do real batches come from?       rng: where do random numbers come from?
    metrics     how far are two sets of samples apart? checks: what does an error say?
    protocols   what may users supply?                 files: how is a file written completely?
    app/        what do all commands and figures share?

Importing this package loads neither TensorFlow nor any of its files: each name is loaded when it is
first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

# The module that each name comes from. `from gan_core.nn.dense import Dense` does the same.
_MODULE_OF = {
    "gan_core.augment": ("chain", "colour", "cutout", "instance_noise", "translation"),
    "gan_core.averaging": ("ExponentialMovingAverage",),
    "gan_core.data": ("HostBatches", "from_dataset", "shuffled", "stream"),
    "gan_core.latent": ("Classes", "Normal", "NormalAndBits", "Rows", "Uniform"),
    "gan_core.losses": (
        "HINGE",
        "LEAST_SQUARES",
        "MINIMAX",
        "NON_SATURATING",
        "RELATIVISTIC",
        "WASSERSTEIN",
        "GANLoss",
    ),
    "gan_core.nn.activations": ("leaky_relu",),
    "gan_core.nn.batch_norm": ("BatchNorm",),
    "gan_core.nn.conditional": (
        "ConditionalBatchNorm",
        "Embedding",
        "ProjectionHead",
        "WithEmbedding",
    ),
    "gan_core.nn.colour": ("coarse_colour",),
    "gan_core.nn.conv": ("Conv2D", "Conv2DTranspose"),
    "gan_core.nn.dense": ("Dense",),
    "gan_core.nn.dropout": ("Dropout",),
    "gan_core.nn.minibatch_std": ("MinibatchStd",),
    "gan_core.nn.mlp": ("mlp", "standardise", "unstandardise"),
    "gan_core.nn.filters": ("blur", "without_checkerboard"),
    "gan_core.nn.resampling": ("downsample", "upsample"),
    "gan_core.nn.sequential": ("Sequential",),
    "gan_core.nn.settling": ("settle",),
    "gan_core.nn.shapes": ("Flatten", "Reshape"),
    "gan_core.nn.style": ("Modulation", "Styled", "style_mapping"),
    "gan_core.optim.optimizers": ("SGD", "Adam"),
    "gan_core.optim.schedules": (
        "constant",
        "cosine_decay",
        "geometric_decay",
        "linear_decay",
        "rising_memory",
    ),
    "gan_core.penalties": ("Lazy", "r1", "r2", "wasserstein_gradient_penalty"),
    "gan_core.nn.export": ("export_generator",),
    "gan_core.runs.loop": ("fit",),
    "gan_core.runs.hooks": ("at_end", "at_start", "every", "on_error"),
    "gan_core.runs.run_folder": ("RunFolder",),
    "gan_core.trainer": ("GANTrainer",),
}
_HOME = {name: module for module, names in _MODULE_OF.items() for name in names}
_MODULES = (
    "augment",
    "averaging",
    "checks",
    "data",
    "files",
    "latent",
    "losses",
    "metrics",
    "nn",
    "optim",
    "penalties",
    "protocols",
    "rng",
    "runs",
    "trainer",
)

__all__ = [*_HOME, *_MODULES]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _MODULES:
        return importlib.import_module(f"gan_core.{name}")
    raise AttributeError(f"module 'gan_core' has no attribute {name!r}")


def _file_of(room: str, name: str) -> Any:
    """A file of a room such as gan_core.nn, loaded when it is first used: gan.nn.initializers."""
    try:
        return importlib.import_module(f"{room}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{room}.{name}":  # the file is there, and something that it needs is not
            raise
        raise AttributeError(f"module {room!r} has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


if TYPE_CHECKING:  # what editors and type checkers see
    from gan_core import augment as augment
    from gan_core import averaging as averaging
    from gan_core import checks as checks
    from gan_core import data as data
    from gan_core import files as files
    from gan_core import latent as latent
    from gan_core import losses as losses
    from gan_core import metrics as metrics
    from gan_core import nn as nn
    from gan_core import optim as optim
    from gan_core import penalties as penalties
    from gan_core import protocols as protocols
    from gan_core import rng as rng
    from gan_core import runs as runs
    from gan_core import trainer as trainer
    from gan_core.augment import chain as chain
    from gan_core.augment import colour as colour
    from gan_core.augment import cutout as cutout
    from gan_core.augment import instance_noise as instance_noise
    from gan_core.augment import translation as translation
    from gan_core.averaging import ExponentialMovingAverage as ExponentialMovingAverage
    from gan_core.data import HostBatches as HostBatches
    from gan_core.data import from_dataset as from_dataset
    from gan_core.data import shuffled as shuffled
    from gan_core.data import stream as stream
    from gan_core.latent import Classes as Classes
    from gan_core.latent import Normal as Normal
    from gan_core.latent import NormalAndBits as NormalAndBits
    from gan_core.latent import Rows as Rows
    from gan_core.latent import Uniform as Uniform
    from gan_core.losses import HINGE as HINGE
    from gan_core.losses import LEAST_SQUARES as LEAST_SQUARES
    from gan_core.losses import MINIMAX as MINIMAX
    from gan_core.losses import NON_SATURATING as NON_SATURATING
    from gan_core.losses import RELATIVISTIC as RELATIVISTIC
    from gan_core.losses import WASSERSTEIN as WASSERSTEIN
    from gan_core.losses import GANLoss as GANLoss
    from gan_core.nn.activations import leaky_relu as leaky_relu
    from gan_core.nn.batch_norm import BatchNorm as BatchNorm
    from gan_core.nn.colour import coarse_colour as coarse_colour
    from gan_core.nn.conditional import ConditionalBatchNorm as ConditionalBatchNorm
    from gan_core.nn.conditional import Embedding as Embedding
    from gan_core.nn.conditional import ProjectionHead as ProjectionHead
    from gan_core.nn.conditional import WithEmbedding as WithEmbedding
    from gan_core.nn.conv import Conv2D as Conv2D
    from gan_core.nn.conv import Conv2DTranspose as Conv2DTranspose
    from gan_core.nn.dense import Dense as Dense
    from gan_core.nn.dropout import Dropout as Dropout
    from gan_core.nn.export import export_generator as export_generator
    from gan_core.nn.filters import blur as blur
    from gan_core.nn.filters import without_checkerboard as without_checkerboard
    from gan_core.nn.minibatch_std import MinibatchStd as MinibatchStd
    from gan_core.nn.mlp import mlp as mlp
    from gan_core.nn.mlp import standardise as standardise
    from gan_core.nn.mlp import unstandardise as unstandardise
    from gan_core.nn.resampling import downsample as downsample
    from gan_core.nn.resampling import upsample as upsample
    from gan_core.nn.sequential import Sequential as Sequential
    from gan_core.nn.settling import settle as settle
    from gan_core.nn.shapes import Flatten as Flatten
    from gan_core.nn.shapes import Reshape as Reshape
    from gan_core.nn.style import Modulation as Modulation
    from gan_core.nn.style import Styled as Styled
    from gan_core.nn.style import style_mapping as style_mapping
    from gan_core.optim.optimizers import SGD as SGD
    from gan_core.optim.optimizers import Adam as Adam
    from gan_core.optim.schedules import constant as constant
    from gan_core.optim.schedules import cosine_decay as cosine_decay
    from gan_core.optim.schedules import geometric_decay as geometric_decay
    from gan_core.optim.schedules import linear_decay as linear_decay
    from gan_core.optim.schedules import rising_memory as rising_memory
    from gan_core.penalties import Lazy as Lazy
    from gan_core.penalties import r1 as r1
    from gan_core.penalties import r2 as r2
    from gan_core.penalties import wasserstein_gradient_penalty as wasserstein_gradient_penalty
    from gan_core.runs.hooks import at_end as at_end
    from gan_core.runs.hooks import at_start as at_start
    from gan_core.runs.hooks import every as every
    from gan_core.runs.hooks import on_error as on_error
    from gan_core.runs.loop import fit as fit
    from gan_core.runs.run_folder import RunFolder as RunFolder
    from gan_core.trainer import GANTrainer as GANTrainer
