"""Judge the faces of a run: every measure beside that of real faces, a table and a picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dcgan.config import Config, of_run
from dcgan.data import faces, form, labelling
from dcgan.drawn import drawn_faces
from dcgan.figures import best_and_worst
from dcgan.generation import pretrained, trained_generator
from dcgan.judge import comparison, evidence, factor_classifier, factor_features, label_share
from dcgan.judge.command import FEWEST, Judge
from dcgan.measures import neighbours, real_sets
from dcgan.measures.features import efficientnet, face_judge, manifolds
from dcgan.runs import folder
from gan_core import checks, files

SHOWN = 32  # faces in each panel of the picture
NOT_FID = (
    "This is not the FID of publications: that one takes an Inception network and 50,000 images. "
    "To get it, write faces and real pictures as PNGs into two folders (python -m dcgan generate "
    "--count 50000 --out FOLDER) and give both to clean-fid (pip install clean-fid)."
)
BIAS = (
    "The Fréchet distance is biased upwards, more so at small n: even real faces do not get 0. "
    "Compare it at one n only, and with the floor beside it."
)


@dataclasses.dataclass(frozen=True)
class RealFaces:
    """uint8 [.., S, S, 3]."""

    reference: np.ndarray
    """[n] held aside: what generated faces are held against"""
    others: np.ndarray
    """[n] further real ones, for the floor"""
    learnt: neighbours.Learnt
    """what the generator learnt from"""


def judge(config: Judge, console: Console | None = None) -> dict[str, float]:
    """Print the table, save the picture, and return the row of figures with "combined"."""
    if config.run is not None:
        of_run(config.run)  # a mistyped name is told before a folder of that name is made
    _check_sources(config)
    with files.claimed(config.output, config.overwrite):
        return _judge(config, console or Console())


def _check_sources(config: Judge) -> None:
    """Check that all faces that will be read exist, before a network is loaded or trained."""
    data = config.data
    if data is None and config.run is not None:
        data = of_run(config.run).data
    named = [("data", data), ("faces", config.faces), *(("compare", one) for one in config.compare)]
    for option, path in named:
        if path is not None:
            with checks.renamed("faces.load: source", f"dcgan judge: {option}"):
                faces.check_exists(path)


def _judge(config: Judge, console: Console) -> dict[str, float]:
    """The same, while nobody else writes the picture."""
    network = feature_network(config)  # first: it is the part that may be missing
    if config.compare:
        return _compare(config, network, console)
    fake, training_config = _generated(config, console)
    real = real_faces(training_config, config.data, n=min(config.n, len(fake)), size=fake.shape[1])
    n = len(real.reference)
    fake = fake[:n]
    with console.status(f"measuring {n:,} faces"):
        jury = face_judge.FaceJudge(real.reference, real.others, network)
        features = network(fake)
        row = jury.measure_with_features(fake, features)
        realism = manifolds.realism(features, jury.features_of_real)
        nearest = Nearest.of(fake, real)
    console.print(table(row, jury, config))
    for line in [*remarks(row, jury, nearest), *_of_other_faces(config, training_config, real)]:
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    best_and_worst.draw(config.picture, panels(fake, realism, nearest, real))
    _tell_shares(config, console)
    return {**row, "combined": jury.combined(row)}


def _of_other_faces(config: Judge, training_config: Config, real: RealFaces) -> list[str]:
    """A remark if these are not the real faces of the run: others were held aside there."""
    read = config.data is not None or training_config.data is not None
    if config.run is None or not read:
        return []
    if folder.has_faces(config.run, faces.checksum(real.learnt.images)):
        return []
    return [
        f"The real faces are not those of {config.run}: some were added, removed or changed since "
        "its training, or --data is another set. Those that count as held aside here may be faces "
        "that it learnt from, and then all figures look too good."
    ]


def _tell_shares(config: Judge, console: Console) -> None:
    """Of a run whose labels are factors of drawn faces: how often it makes what is asked for."""
    if config.faces is not None:
        return
    generator = _generator(config)
    if generator.labels is None or generator.labels.kind != "drawn":
        return
    with console.status("reading the labels of generated faces"):
        found = label_share.shares(generator, n=config.n, seed=config.seed)
    console.print(label_share.table(found, config.n))


def _compare(
    config: Judge, network: Callable[[np.ndarray], np.ndarray], console: Console
) -> dict[str, float]:
    """Judge several sets against the same real faces. -> {set: combined figure}."""
    real = real_faces(_training_config(config), None, n=config.n, size=config.size)
    jury = face_judge.FaceJudge(real.reference, real.others, network, thorough=False)
    found = comparison.compare(config, jury, console)
    return {name: row[comparison.COMBINED] for name, row in found.rows.items()}


def feature_network(config: Judge) -> Callable[[np.ndarray], np.ndarray]:
    """Images -> features; ValueError where the extra is missing."""
    if config.features == "imagenet":
        return efficientnet.load()
    of_training = _training_config(config)
    classifier = factor_classifier.train_classifier(of_training.size, colours=of_training.colours)
    return lambda images: factor_features.features(classifier, images)


def _training_config(config: Judge) -> Config:
    """The config that says what real faces generated ones are to resemble."""
    if config.run is not None:
        return of_run(config.run)
    if config.faces is not None or config.compare:
        return Config(data=config.data, size=config.size, flip=False)
    return evidence.packages_own(pretrained.of_kind(with_labels=not config.without_labels))


def _generated(config: Judge, console: Console) -> tuple[np.ndarray, Config]:
    """At most n generated faces, and the config that says what real ones they are to resemble."""
    training_config = _training_config(config)
    if config.faces is not None:
        with checks.renamed("faces.load: source", "Judge: faces"):
            size = training_config.size
            found = comparison.generated(config.faces, size, training_config.form, console)
        if len(found.images) < FEWEST:
            came = f"{len(found.images)} in {config.faces}"
            checks.fail("Judge", "faces", f"at least {FEWEST} pictures", came)
        return found.images[: config.n], training_config
    return _generator(config).sample(config.n, seed=config.seed), training_config


def _generator(config: Judge) -> trained_generator.Generator:
    """That of the run, or the chosen one of the package's own two."""
    return trained_generator.load(config.run, with_labels=not config.without_labels)


def real_faces(config: Config, data: Path | None, *, n: int, size: int) -> RealFaces:
    """The real faces by which a run of this config is judged.

    Held-aside faces are the reference. The floor's are further ones: fresh ones where faces are
    drawn; else some that were learnt from, for there are too few held aside to be divided.
    """
    data = config.data if data is None else data
    if data is None:
        indices, _ = faces.split(config.drawn, config.seed)
        fresh = evidence.FRESH + np.arange(2 * n)
        images = _drawn(indices, config, size)
        learnt = neighbours.Learnt(images, np.arange(len(images)), config.flip)
        held = _drawn(fresh, config, size)
        sets = real_sets.RealSets(reference=held[:n], others=held[n:])
        if config.flip:
            sets = real_sets.mirror_both(sets, config.seed)
    else:
        with checks.renamed("faces.load: source", "dcgan judge: data"):
            found = faces.load(data, size, form=config.form, cache=config.cache or faces.CACHE)
        images = found.images
        # As training divided them: a CSV of labels may leave some out.
        labelled = labelling.of_config(labelling.with_data(config, data), found.names)
        indices, aside = labelling.divide(len(images), config.seed, labelled)
        if min(len(aside), len(indices)) < FEWEST:
            kind = "faces" if labelled is None else "faces with labels"
            wanted = f"{10 * FEWEST} {kind} or more, of which a tenth is held aside"
            checks.fail("dcgan judge", "data", wanted, f"{len(indices) + len(aside):,}")
        learnt = neighbours.Learnt(images, indices, config.flip)
        sets = real_sets.choose(images, indices, aside, n=n, seed=config.seed, mirrored=config.flip)
    return RealFaces(sets.reference, sets.others, learnt)


def _drawn(indices: np.ndarray, config: Config, size: int) -> np.ndarray:
    """Drawn faces as a run of this config has them."""
    drawn = drawn_faces.draw(indices, seed=config.seed, size=size)
    return form.in_colours(drawn, config.colours)


@dataclasses.dataclass(frozen=True)
class Nearest:
    """The nearest training faces of the first generated ones, at 32 pixels."""

    indices: np.ndarray
    """[m] into the training faces"""
    distances: np.ndarray
    """[m], in grey levels of 255"""
    memorising: neighbours.Memorising

    @classmethod
    def of(cls, fake: np.ndarray, real: RealFaces) -> Nearest:
        """Look among all that was learnt from."""

        def small(images: np.ndarray) -> np.ndarray:
            return factor_classifier.shrink(images, evidence.SMALL)

        some = fake[: evidence.COMPARED]
        aside = real.reference[: evidence.COMPARED]
        indices, found = real.learnt.nearest(small(np.concatenate([some, aside])), seen_as=small)
        of_fake = found[: len(some), 0]
        memorising = neighbours.compare(of_fake, found[len(some) :, 0])
        return cls(indices[: len(some), 0], of_fake, memorising)


def table(row: dict[str, float], jury: face_judge.FaceJudge, config: Judge) -> Table:
    """A line for each measure: these faces, as many real ones,
    and the ratio where that means something.
    """
    source = config.faces or config.run or "the package's generator with labels"
    title = f"{source}: n = {jury.n:,} faces, beside {jury.n:,} real ones ({config.features})"
    made = Table("measure", title=Text(title))
    for name in ("these faces", "real faces (floor)", "over the floor", "best value"):
        made.add_column(name, justify="right")
    for name, value in row.items():
        floor = jury.floor[name]
        best = face_judge.BETTER.get(name, "lower")
        ratio = f"{value / floor:.1f}" if best == "lower" else ""
        made.add_row(name, _short(value), _short(floor), ratio, best)
    made.add_section()
    made.add_row("combined", f"{jury.combined(row):.2f}", "1.00", "", "lower")
    return made


def remarks(row: dict[str, float], jury: face_judge.FaceJudge, nearest: Nearest) -> list[str]:
    """What to know when reading the table."""
    memorising = nearest.memorising
    compared = len(nearest.distances)
    return [
        "Combined: the geometric mean of Fréchet distance and distance of pixels, each over its "
        "floor. Real faces have 1.",
        BIAS,
        f"Nearest training face, of {compared:,} faces: {memorising.samples:.1f} grey levels away "
        f"(median), a held-aside real face {memorising.held_aside:.1f}. Nearer than all but 1 % of "
        f"held-aside faces: {100 * memorising.nearer:.1f} %.",
        NOT_FID,
    ]


def panels(
    fake: np.ndarray, realism: np.ndarray, nearest: Nearest, real: RealFaces
) -> dict[str, np.ndarray]:
    """{line: faces} for the picture."""
    order = np.argsort(-realism, kind="stable")
    half = best_and_worst.COLUMNS
    copies = np.argsort(nearest.distances, kind="stable")[:half]
    pairs = np.concatenate([fake[copies], real.learnt.at(nearest.indices[copies])])
    return {
        "Real faces, held aside": real.reference[:SHOWN],
        "Best: the generated faces deepest among the real ones (realism)": fake[order[:SHOWN]],
        "Worst: those farthest from the real ones": fake[order[-SHOWN:]],
        "As they come": fake[:SHOWN],
        "Nearest to a training face, and below each that face": pairs,
    }


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
