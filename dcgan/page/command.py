"""The options of `python -m dcgan page`, which `dcgan.page.build` carries out.

They are in a separate file that does not import TensorFlow, so that --help is fast.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from dcgan.generation.pretrained import check_choice
from gan_core import checks


@dataclasses.dataclass(frozen=True)
class Page:
    """One HTML file with a trained generator in it, for any browser, without a server."""

    run: Path | None = None
    """run folder; none: the generator with labels that comes with the package"""
    without_labels: bool = False
    """of the package's two generators take the one that makes a face from z alone"""
    out: Path = Path("faces.html")
    """the file to write"""
    title: str = "Faces that nobody drew"
    """the page's title"""
    licence: str = "Generated faces. Code: MIT licence."
    """the last line of the page: what visitors may do with the faces"""
    samples: int = 3000
    """faces by which the sliders' directions are found, for a generator of drawn faces"""
    overwrite: bool = False
    """replace --out if it exists"""

    def __post_init__(self) -> None:
        checks.integer("Page", "samples", self.samples, 500, 10**6)
        checks.boolean("Page", "overwrite", self.overwrite)
        check_choice("Page", self.without_labels, self.run)
        if Path(self.out).suffix.lower() not in (".html", ".htm"):
            checks.fail("Page", "out", "a file whose name ends in .html", str(self.out))
