"""The generator that comes with the package: trained on drawn faces, in half precision,
one small file.

    python -m dcgan train --drawn 16384 --epochs 40 --no-flip --no-styled --fall 0.35 \\
        --precision bfloat16 --seed 7 --width 32 --g-width 16 --augment translation \\
        --average 32000 --run runs/pretrained
    python -m dcgan.generation.pretrained --run runs/pretrained --overwrite

The first starts from the preset quick, but D is twice as wide as G. It takes some 35 minutes on two
CPU cores with bfloat16 units. The second turns the best generator of a run into
dcgan/generation/pretrained.npz. Kernels are stored as float16 (with a relative error of at most
1/2048, or an absolute one of 3e-8 if that is more); the few numbers of batch norm as float32. The
file is a plain .npz with a text `about`; nothing in it is executed.
"""

from __future__ import annotations

import dataclasses
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console

from dcgan.data.form import USUAL, Form
from gan_core import checks, files
from gan_core.app import command_line

if TYPE_CHECKING:
    from gan_core.nn.sequential import Sequential

FILE = Path(__file__).with_name("pretrained.npz")
FORMAT = "dcgan generator 1"
MOST_BYTES = 4_000_000


def save(
    generator: Sequential,
    file,
    *,
    size: int,
    width: int,
    latent_dim: int,
    network: str = "radford",
    filtered: bool = False,
    styled: bool = False,
    epsilon: float = 1e-5,
    form: Form = USUAL,
    learnt_from: dict | None = None,
    note: str = "",
    overwrite: bool = False,
) -> int:
    """Write a generator of `dcgan.networks`, and what it takes to build it again.

    Args:
        generator: the network.
        file: where to.
        size: pixels of its pictures.
        width: as for `dcgan.networks.generator`.
        latent_dim: how many numbers z has.
        network: which of `dcgan.networks.BY_NAME` it is.
        filtered: whether filters follow its transposed convolutions.
        styled: whether styles follow its batch norms.
        epsilon: batch norm's.
        form: what was made of the pictures that it learnt from.
        learnt_from: drawn, seed, flip and colours of its run's Config, which say what faces it
            learnt from; None: not drawn ones.
        note: where it comes from.
        overwrite: whether to replace what is there.

    Returns:
        The file's bytes.

    Raises:
        ValueError: if the file is there, would be of 4 MB or more, or a number is too large for
            float16; then nothing is written.
    """
    from gan_core.nn.variables import named_variables  # slow: it imports TensorFlow

    arrays = {}
    for name, variable in named_variables(generator).items():
        array = variable.numpy()
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is told below
            arrays[name] = array.astype(np.float16) if array.ndim > 1 else array.astype(np.float32)
        if not np.isfinite(arrays[name]).all():
            checks.fail(
                "pretrained.save",
                name,
                "finite and at most 65,504, the largest float16",
                f"{np.abs(array).max():.3g}",
            )
    about = {
        "format": FORMAT,
        "size": size,
        "width": width,
        "latent_dim": latent_dim,
        "network": network,
        "filtered": filtered,
        "styled": styled,
        "epsilon": epsilon,
        "form": dataclasses.asdict(form),
        "learnt_from": learnt_from,
        "note": note,
    }
    whole = io.BytesIO()
    np.savez(whole, about=np.array(json.dumps(about)), **arrays)
    if whole.tell() >= MOST_BYTES:
        checks.fail(
            "pretrained.save",
            "generator",
            "small enough for a file below 4 MB",
            f"{whole.tell() / 1e6:.1f} MB",
            "Train one of a smaller --width.",
        )
    with files.claimed(file, overwrite):
        files.write_atomically(file, lambda stream: stream.write(whole.getvalue()))
    return whole.tell()


def load(file=None) -> tuple[Sequential, dict]:
    """What `save` has written.

    Args:
        file: its path; None: the package's own.

    Returns:
        The generator, z [B, latent_dim] -> [B, size, size, C] float32; and what is known about it.

    Raises:
        ValueError: if it is not there, or damaged.
    """
    from dcgan import networks  # slow: they import TensorFlow
    from gan_core.nn.variables import named_variables

    file = FILE if file is None else file
    try:
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(str(arrays.pop("about")))
        if about["format"] != FORMAT:
            raise ValueError(f"its format is {about['format']!r}, not {FORMAT!r}")
        generator = networks.generator(
            about["size"],
            about["width"],
            about["latent_dim"],
            network=about["network"],
            filtered=about["filtered"],
            styled=about["styled"],
            seed=0,
            epsilon=about["epsilon"],
            channels=form_of(about).channels,
        )
        variables = named_variables(generator)
        if variables.keys() != arrays.keys():
            raise ValueError("its arrays are not those of such a generator")
        for name, variable in variables.items():
            variable.assign(arrays[name].astype(np.float32))
    except FileNotFoundError:
        raise ValueError(
            f"pretrained: {file} is not there. Make it with python -m dcgan.generation.pretrained "
            "--run RUN, or name a run of your own."
        ) from None
    except Exception as error:  # a damaged file fails in a dozen ways
        raise ValueError(
            f"pretrained: {file} cannot be read ({error or type(error).__name__}). "
            "Install the package again, or name a run of your own."
        ) from error
    return generator, about


def form_of(about: dict) -> Form:
    """The form of a file's generator."""
    return Form(**about["form"])


@dataclasses.dataclass(frozen=True)
class Config:
    """Which run's generator is kept, and where."""

    run: Path
    """run folder of python -m dcgan train; its best epoch is taken"""
    out: Path = FILE
    """the file to write; by default the package's own"""
    note: str = ""
    """where the generator comes from, in a few words"""
    overwrite: bool = False
    """replace the file if it is there"""


def main(config: Config) -> None:
    """Keep the best generator of a run."""
    from dcgan.config import of_run
    from dcgan.runs.best import best_generator  # slow to import, and not needed to load

    asked = of_run(config.run)
    if asked.labels is not None:
        wanted = "a run without labels, for which the file has no place"
        came = f"{config.run}, with the labels {asked.labels}"
        way_out = "Its own generator/ needs only TensorFlow."
        checks.fail("Config", "run", wanted, came, way_out)
    faces = None
    if asked.data is None:
        names = ("drawn", "seed", "flip", "colours")
        faces = {name: getattr(asked, name) for name in names}
    written = save(
        best_generator(config.run),
        config.out,
        size=asked.size,
        width=asked.width_of_g,
        latent_dim=asked.latent_dim,
        network=asked.network,
        filtered=asked.filtered,
        styled=asked.styled,
        epsilon=asked.epsilon,
        form=asked.form,
        learnt_from=faces,
        note=config.note,
        overwrite=config.overwrite,
    )
    Console().print(
        f"wrote {config.out}: {written / 1e6:.2f} MB", markup=False, highlight=False, soft_wrap=True
    )


if __name__ == "__main__":
    command_line.run(
        Config,
        main,
        "Keep the best generator of a run in half precision.",
        "python -m dcgan.generation.pretrained",
    )
