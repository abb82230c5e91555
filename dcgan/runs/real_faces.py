"""The real faces of a run: read or drawn, and divided into training and held-out faces."""

from __future__ import annotations

import numpy as np
from rich.console import Console

from dcgan.config import Config
from dcgan.data import faces, form, labelling
from dcgan.drawn import drawn_faces
from dcgan.measures import distances, judges, real_sets
from gan_core import checks


def load(config: Config, console: Console) -> faces.Faces:
    """Read the faces of a run of this config, or draw them if it has no data.

    Args:
        config: the run's config.
        console: where progress is shown.

    Raises:
        ValueError: if the data hold no usable picture, or the memory not so many drawn faces.
    """
    if config.data is not None:
        cache = faces.CACHE if config.cache is None else config.cache
        with checks.renamed("faces.load: source", "Config: data"):
            return faces.load(
                config.data, config.size, form=config.form, cache=cache, console=console
            )
    _check_memory(config)
    with console.status("drawing faces"):
        drawn = drawn_faces.draw(range(config.drawn), seed=config.seed, size=config.size)
    names = [f"drawn {i}" for i in range(config.drawn)]
    return faces.Faces(form.in_colours(drawn, config.colours), names, [], form=config.form)


def _check_memory(config: Config) -> None:
    """Check that drawn faces fit into the memory, of which TensorFlow makes a copy."""
    most = int(faces.free_memory() / (2 * 3 * config.size**2))
    if config.drawn > most:
        wanted = f"at most {most:,}, as many faces of {config.size} pixels as the memory holds"
        checks.fail("Config", "drawn", wanted, f"{config.drawn:,}")


def divided_faces(
    config: Config, console: Console | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The real faces of a run of this config, and how they are divided.

    Args:
        config: the run's config.
        console: where progress is shown.

    Returns:
        All faces, uint8 [N, S, S, C]; the indices of the training faces, and of the held-out ones.
    """
    data = load(config, console or Console(stderr=True))
    labelled = labelling.of_config(config, data.names)
    rows, aside = labelling.divide(len(data.images), config.seed, labelled)
    return data.images, rows, aside


def sets_of(
    config: Config, images: np.ndarray, learnt: np.ndarray, aside: np.ndarray
) -> real_sets.RealSets:
    """The sets of real faces to which the judge of a run compares its faces.

    Args:
        config: the run's config.
        images: all faces, uint8 [N, S, S, C].
        learnt: the indices of the training faces.
        aside: the indices of the held-out ones.
    """
    return real_sets.choose(
        images,
        learnt,
        aside,
        n=judges.MOST[config.judge],
        seed=config.seed,
        mirrored=config.flip,
    )


def held_aside(config: Config) -> tuple[np.ndarray, float]:
    """The held-out real faces by which a run of this config is judged, and the distance's floor.

    Args:
        config: the run's config.

    Returns:
        uint8 [M, S, S, C], and their distance to the same number of training faces.
    """
    images, rows, aside = divided_faces(config)
    sets = sets_of(config, images, rows, aside)
    floor = distances.patches_and_whole(sets.reference, sets.others, seed=0)["mean"]
    return sets.reference, floor
