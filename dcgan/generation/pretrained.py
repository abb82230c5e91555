"""The two generators that come with the package: trained on drawn faces, in half precision, each
one small file.

One was trained with labels, all ten factors of drawn faces, and makes the face that it is asked
for (chapter 13). The other makes a face from z alone (chapter 10). `FILE_WITH_LABELS` and `FILE`
were made by

    python -m dcgan train --drawn 65536 --epochs 12 --no-flip --fall 0.5 --precision bfloat16 \\
        --seed 7 --width 32 --g-width 16 --average 32000 --run runs/asked
    python -m dcgan.generation.pretrained --run runs/asked --overwrite

    python -m dcgan train --drawn 16384 --epochs 40 --no-flip --fall 0.35 --precision bfloat16 \\
        --seed 7 --width 32 --g-width 16 --average 32000 --no-styled --labels none \\
        --augment translation --run runs/pretrained
    python -m dcgan.generation.pretrained --run runs/pretrained --overwrite

Both start from the preset quick, but D is twice as wide as G. docs/faces.md says how long they
took. The second command of each turns the best generator of the run into the file. Kernels are
stored as float16 (with a relative error of at most 1/2048, or an absolute one of 3e-8 if that is
more); the few numbers of batch norm as float32. The file is a plain .npz with a text `about`;
nothing in it is executed.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from rich.console import Console

from dcgan.data.form import USUAL, Form
from dcgan.data.labels import LabelSet
from gan_core import checks, files
from gan_core.app import command_line

if TYPE_CHECKING:
    from gan_core.nn.sequential import Sequential

FILE = Path(__file__).with_name("pretrained.npz")
FILE_WITH_LABELS = Path(__file__).with_name("pretrained_with_labels.npz")
FORMAT = "dcgan generator 2"
MOST_BYTES = 4_000_000
ROWS = "labels of the pictures"  # names of arrays that belong to no variable of the network
COUNTS = "pictures with these labels"


class Stored(NamedTuple):
    """What a file holds."""

    generator: Sequential
    """z [B, latent_dim] -> [B, size, size, C] float32; with labels: (z, labels [B, f])"""
    about: dict[str, Any]
    """how it was built, and what it learnt from"""
    labels: LabelSet | None
    """what it may be asked for; None: nothing"""


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
    labels: LabelSet | None = None,
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
        labels: of a generator of `dcgan.conditional_networks`, those of its pictures.
        learnt_from: drawn, seed, flip and colours of its run's Config, which say what faces it
            learnt from; None: not drawn ones.
        note: where it comes from.
        overwrite: whether to replace what is there.

    Returns:
        The file's bytes.

    Raises:
        ValueError: if the options or the labels are not the generator's, the file is there or
            would be of 4 MB or more, or a number is too large for float16; then nothing is written.
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
        "labels": None,
        "learnt_from": learnt_from,
        "note": note,
    }
    _check_options(about, labels, arrays)
    if labels is not None:
        about["labels"] = {"kind": labels.kind, "factors": labels.identity()}
        arrays[ROWS] = labels.rows.astype(np.uint16)
        arrays[COUNTS] = labels.counts.astype(np.uint32)
    whole = io.BytesIO()
    np.savez_compressed(whole, about=np.array(json.dumps(about)), **arrays)
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


def _check_options(
    about: dict[str, Any], labels: LabelSet | None, arrays: dict[str, np.ndarray]
) -> None:
    """Refuse options and labels of which `load` would build another network."""
    from gan_core.nn.variables import named_variables  # slow: it imports TensorFlow

    built = named_variables(_network(about, labels))
    wanted = {name: variable.shape.as_list() for name, variable in built.items()}
    came = {name: list(array.shape) for name, array in arrays.items()}
    for name in [*wanted, *came]:
        if wanted.get(name) != came.get(name):
            checks.fail(
                "pretrained.save",
                f"the generator's {name}",
                f"{wanted.get(name, 'left out')}, by the options and labels",
                str(came.get(name, "nothing")),
                "Give those that the generator was built with.",
            )


def load(file: str | os.PathLike | None = None) -> Stored:
    """What `save` has written.

    Args:
        file: its path; None: the package's own without labels.

    Raises:
        ValueError: if it is not there, or damaged.
    """
    from gan_core.nn.variables import named_variables  # slow: it imports TensorFlow

    file = FILE if file is None else file
    try:
        with open(file, "rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about = json.loads(str(arrays.pop("about")))
        if about["format"] != FORMAT:
            raise ValueError(f"its format is {about['format']!r}, not {FORMAT!r}")
        labels = _labels(about["labels"], arrays)
        generator = _network(about, labels)
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
    return Stored(generator, about, labels)


def _labels(known: dict[str, Any] | None, arrays: dict[str, np.ndarray]) -> LabelSet | None:
    """The labels of a file, whose arrays are taken out of `arrays`."""
    if known is None:
        return None
    factors = {name: tuple(values) for name, values in known["factors"].items()}
    return LabelSet(known["kind"], factors, arrays.pop(ROWS), arrays.pop(COUNTS))


def _network(about: dict[str, Any], labels: LabelSet | None) -> Sequential:
    """The generator of a file, before it gets the file's weights."""
    from dcgan import conditional_networks, networks  # slow: they import TensorFlow

    options = {
        name: about[name]
        for name in ("size", "width", "latent_dim", "network", "filtered", "styled", "epsilon")
    }
    options["channels"] = form_of(about).channels
    if labels is None:
        return networks.generator(**options, seed=0)
    return conditional_networks.generator(labels.sizes, **options, seed=0)


def check_choice(
    owner: str, without_labels: bool, run: Path | None, label: Sequence[str] = ()
) -> None:
    """Refuse an option that chooses one of the package's two where a run, or a label, is named.

    Args:
        owner: whose option it is, for the message.
        without_labels: its value.
        run: the run folder; None: none is named.
        label: the labels that are asked for.

    Raises:
        ValueError: if two of them are given, or without_labels is neither True nor False.
    """
    if not checks.boolean(owner, "without_labels", without_labels):
        return
    if run is not None:
        way_out = "It chooses between the two generators that come with the package."
        checks.fail(owner, "without_labels", "left out with a run", str(run), way_out)
    if label:
        way_out = "The generator without labels cannot be asked."
        checks.fail(owner, "without_labels", "left out with a label", repr(label[0]), way_out)


def of_kind(with_labels: bool) -> Path:
    """The file of the package's generator with, or without, labels."""
    return FILE_WITH_LABELS if with_labels else FILE


def name_of(labels: LabelSet | None) -> str:
    """The package's generator that has these labels, in words."""
    if labels is None:
        return "the package's generator without labels"
    return "the package's generator with labels"


def form_of(about: dict) -> Form:
    """The form of a file's generator."""
    return Form(**about["form"])


@dataclasses.dataclass(frozen=True)
class Config:
    """Which run's generator is kept, and where."""

    run: Path
    """run folder of python -m dcgan train; its best epoch is taken"""
    out: Path | None = None
    """the file to write; none: the package's own, with or without labels as the run"""
    note: str = ""
    """where the generator comes from, in a few words"""
    overwrite: bool = False
    """replace the file if it is there"""


def main(config: Config) -> None:
    """Keep the best generator of a run."""
    from dcgan.config import of_run
    from dcgan.data import labels
    from dcgan.runs.best import best_generator  # slow to import, and not needed to load

    asked = of_run(config.run)
    label_set = labels.read(config.run)
    out = config.out
    if out is None:
        out = of_kind(label_set is not None)
    faces = None
    if asked.data is None:
        names = ("drawn", "seed", "flip", "colours")
        faces = {name: getattr(asked, name) for name in names}
    written = save(
        best_generator(config.run),
        out,
        size=asked.size,
        width=asked.width_of_g,
        latent_dim=asked.latent_dim,
        network=asked.network,
        filtered=asked.filtered,
        styled=asked.styled,
        epsilon=asked.epsilon,
        form=asked.form,
        labels=label_set,
        learnt_from=faces,
        note=config.note,
        overwrite=config.overwrite,
    )
    Console().print(
        f"wrote {out}: {written / 1e6:.2f} MB", markup=False, highlight=False, soft_wrap=True
    )


if __name__ == "__main__":
    command_line.run(
        Config,
        main,
        "Keep the best generator of a run in half precision.",
        "python -m dcgan.generation.pretrained",
    )
