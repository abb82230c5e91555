"""Write the page: weights, directions, script, style and text in one file."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from rich.console import Console

from dcgan.config import of_run
from dcgan.data import labels
from dcgan.data.labels import LabelSet
from dcgan.generation import pretrained, trained_generator
from dcgan.judge import factor_classifier
from dcgan.page import layers, sliders
from dcgan.page.command import Page
from gan_core import files
from gan_core.app.command_line import say
from gan_core.nn.sequential import Sequential

SCRIPTS = ("network.js", "latents.js", "labels.js", "state.js", "page.js")
SEED = 0


@dataclasses.dataclass(frozen=True)
class Subject:
    """The generator that the page is about."""

    network: Sequential
    latent_dim: int
    size: int
    of_drawn_faces: bool
    """whether a classifier of drawn faces can read its pictures: not where they are grey"""
    name: str
    labels: LabelSet | None = None
    """what it may be asked for; None: nothing"""


def page(config: Page, classifier: factor_classifier.FactorClassifier | None = None) -> None:
    """Write the page that is asked for, and say how large it is.

    The place is claimed before anything is computed.

    Args:
        config: what is asked for.
        classifier: what reads drawn faces; None: one is trained.
    """
    console = Console()
    with files.claimed(config.out, config.overwrite):
        subject = load(config.run, with_labels=not config.without_labels)
        sizes = None if subject.labels is None else subject.labels.sizes
        described = layers.describe(subject.network, subject.latent_dim, sizes)
        with console.status("looking for directions"):
            directions = find_sliders(subject, config.samples, classifier)
        text = document(config, subject, described, directions)
        files.text_atomically(config.out, text)
    megabytes = len(text.encode()) / 1e6
    say(
        f"wrote {config.out}: {megabytes:.1f} MB, {len(directions)} sliders, {subject.name}. "
        "Open it in a browser.",
        console,
    )


def load(run: Path | None, *, with_labels: bool = False) -> Subject:
    """The best generator of a run, or one of the package's own two."""
    if run is None:
        network, about, known = pretrained.load(pretrained.of_kind(with_labels))
        return Subject(
            network, about["latent_dim"], about["size"], True, pretrained.name_of(known), known
        )
    from dcgan.runs.best import best_generator  # slow to import, and seldom needed

    config = of_run(run)
    network = best_generator(run)
    readable = config.data is None and config.colours == "rgb"
    return Subject(network, config.latent_dim, config.size, readable, str(run), labels.read(run))


def find_sliders(
    subject: Subject,
    samples: int,
    classifier: factor_classifier.FactorClassifier | None = None,
) -> list[sliders.Slider]:
    """Directions of factors where a classifier can read the faces, else principal ones.

    Of a generator with labels the latter too: what it is asked for is no direction of z.
    """
    if subject.labels is not None or not subject.of_drawn_faces:
        return sliders.of_activations(subject.network, subject.latent_dim)
    generator = trained_generator.of_network(subject.network, subject.latent_dim, subject.size)
    if classifier is None:
        classifier = factor_classifier.train_classifier(subject.size)
    z = generator.z(samples, SEED + 1)
    new_z = generator.z(max(samples // 10, 100), SEED + 2)
    return sliders.of_factors(generator, classifier.predict, classifier.factors, z, new_z)


def document(
    config: Page,
    subject: Subject,
    described: list[dict[str, Any]],
    directions: list[sliders.Slider],
) -> str:
    """The whole HTML text."""
    assets = resources.files("dcgan.page") / "assets"
    data = {
        "latentDim": subject.latent_dim,
        "size": subject.size,
        "layers": described,
        "sliders": [_slider(one) for one in directions],
        "run": None if config.run is None else str(config.run),
        "labels": None if subject.labels is None else _labels(subject.labels),
    }
    scripts = [(assets / name).read_text(encoding="utf-8") for name in SCRIPTS]
    template = Template((assets / "page.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=html.escape(config.title),
        licence=html.escape(config.licence),
        style=(assets / "page.css").read_text(encoding="utf-8"),
        data=_json_for_html(data),
        script="\n".join(scripts),
    )


def _labels(known: LabelSet) -> dict[str, Any]:
    return {
        "factors": [{"name": name, "values": values} for name, values in known.factors.items()],
        "rows": known.rows.tolist(),
        "counts": known.counts.tolist(),
    }


def _slider(one: sliders.Slider) -> dict[str, Any]:
    return {
        "group": one.group,
        "name": one.name,
        "direction": _numbers(one.direction),
        "alone": None if one.alone is None else _numbers(one.alone),
        "measured": one.measured,
        "measuredAlone": one.measured_alone,
    }


def _numbers(direction: np.ndarray) -> str:
    return base64.b64encode(np.asarray(direction, "<f4").tobytes()).decode("ascii")


def _json_for_html(data: dict[str, Any]) -> str:
    """JSON that may stand in a <script>: no text in it can end the element."""
    return json.dumps(data).replace("<", "\\u003c")
