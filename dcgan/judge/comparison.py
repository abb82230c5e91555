"""Several sets of generated faces side by side: do pixel measures rank them as the judge does?

    python -m dcgan judge --data FACES --compare A.npz B.npz C.npz ...

A training without the extra `judge` can use only measures of pixels. Which of them should then
choose the epoch that is kept? The one whose order agrees best with that of the combined figure,
over many sets of faces: good ones, some with a checkerboard, and collapsed ones.
"""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from dcgan import epochs
from dcgan.data import faces, labels
from dcgan.data.form import USUAL, Form
from dcgan.judge.command import Judge
from dcgan.measures import distances, ranks, statistics, texture
from dcgan.measures.features.face_judge import MMD, MS_SSIM, FaceJudge
from dcgan.measures.names import FRECHET, GRID, PIXELS, SPECTRUM, WHITENED
from dcgan.measures.pixel_judge import over_the_floor
from gan_core import checks, files
from gan_core.app.command_line import say

COMBINED = "combined"
AS_REAL = (MS_SSIM, "contrast", "exposure", "edges", "variety")
"""These are best where they are as in real faces; of all others lower is better."""
JOINED = (PIXELS, WHITENED, SPECTRUM, GRID)
"""The measures of pixels of which combinations are tried."""
SHOWN = (COMBINED, FRECHET, "KID", "precision", "recall", PIXELS)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """The measures of several sets, with those of real faces."""

    rows: dict[str, dict[str, float]]
    """{name of a set: {measure: value}}"""
    floor: dict[str, float]
    """the same of further real faces"""

    def errors(self, measure: str) -> np.ndarray:
        """How bad each set is by this measure, [sets]."""
        values = np.array([row[measure] for row in self.rows.values()])
        if measure in AS_REAL:
            return np.abs(np.log(values / self.floor[measure]))
        return values

    def of_several(self, measures: tuple[str, ...]) -> np.ndarray:
        """The geometric mean over the floor of several measures, [sets]."""
        found = [over_the_floor(row, self.floor, measures) for row in self.rows.values()]
        return np.array(found)

    def correlations(self) -> dict[str, tuple[float, float]]:
        """{measure or combination: Spearman's correlation with (combined, Fréchet distance)}."""
        columns = {name: self.errors(name) for name in self.floor if name not in SHOWN[:5]}
        del columns["density"], columns["coverage"]
        for size in (2, 3):
            for some in itertools.combinations(JOINED, size):
                columns[" and ".join(some)] = self.of_several(some)
        judged = self.errors(COMBINED)
        by_features = self.errors(FRECHET)
        return {
            name: (ranks.spearman(column, judged), ranks.spearman(column, by_features))
            for name, column in columns.items()
        }


def compare(config: Judge, jury: FaceJudge, console: Console) -> Comparison:
    """Measure each set, print both tables, and write all figures as a CSV file.

    Args:
        config: its compare names the sets, its out the CSV file.
        jury: holds the real faces, as many as each set has.
        console: where the tables are printed.
    """
    floor = {COMBINED: 1.0, **jury.floor, **of_pixels(jury.others, jury)}
    rows = {}
    for path in config.compare:
        with checks.renamed("faces.load: source", "dcgan judge: compare"):
            images = generated(path, jury.real.shape[1], USUAL, console).images
        if len(images) < jury.n:
            came = f"{len(images):,} in {path}"
            checks.fail("dcgan judge", "compare", f"sets of at least n = {jury.n:,} faces", came)
        rows[str(path)] = measured(images[: jury.n], jury)
        say(f"{path}: combined {rows[str(path)][COMBINED]:.2f}", console)
    found = Comparison(rows, floor)
    write(found, config.table_file)
    console.print(table_of_sets(found, jury.n))
    if len(rows) > 2:
        console.print(table_of_correlations(found))
    return found


def generated(path: Path, size: int, form: Form, console: Console) -> faces.Faces:
    """The faces of a set. If they are smaller than the real ones, a line says so.

    Args:
        path: where they are.
        size: height and width of the real faces, in pixels.
        form: that of the real faces.
        console: where the line is printed.
    """
    found = faces.load(path, size, form=form)
    if found.enlarged:
        say(
            f"{path}: {labels.counted(found.enlarged, 'face')} smaller than {size} x {size} pixels "
            "enlarged, and so blurred. That makes the figures worse. (--size judges at another "
            "size; a run has its own.)",
            console,
        )
    return found


def measured(images: np.ndarray, jury: FaceJudge) -> dict[str, float]:
    """Every measure of one set, and the combined figure."""
    row = jury.measure(images)
    return {COMBINED: jury.combined(row), **row, **of_pixels(images, jury)}


def of_pixels(images: np.ndarray, jury: FaceJudge) -> dict[str, float]:
    """Further measures of pixels, which only this comparison has."""
    real = jury.real
    seed = jury.seed
    described = statistics.describe(images)
    return {
        "patches of the next level, whitened": texture.whitened_patches(
            real, images, seed=seed, level=1
        ),
        MMD: distances.image_mmd(real, images),
        MS_SSIM: distances.diversity(images, seed=seed, pairs=min(300, 5 * len(images))),
        "contrast": described["contrast"],
        "exposure": described["exposure"],
        "edges": described["edges"],
        "variety": epochs.variety(images),
    }


def write(found: Comparison, path: Path) -> None:
    """All figures as a CSV file: a line a set, the first one that of real faces."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["set", *found.floor])
    writer.writerow(["real faces", *found.floor.values()])
    for name, row in found.rows.items():
        writer.writerow([name, *(row[measure] for measure in found.floor)])
    path.parent.mkdir(parents=True, exist_ok=True)
    files.text_atomically(path, text.getvalue())


def read(path: Path) -> Comparison:
    """What `write` wrote."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = {}
    for row in rows:
        of_set = row.pop("set")
        numbers[of_set] = {name: float(text) for name, text in row.items()}
    return Comparison(rows=numbers, floor=numbers.pop("real faces"))


def table_of_sets(found: Comparison, n: int) -> Table:
    """The sets, best first, and real faces in the last line."""
    made = Table("faces", title=f"Sets by the combined figure (n = {n:,} each)")
    for name in SHOWN:
        made.add_column(name, justify="right")
    for name, row in sorted(found.rows.items(), key=lambda item: item[1][COMBINED]):
        made.add_row(Text(name), *(_short(row[measure]) for measure in SHOWN))
    made.add_section()
    made.add_row("real faces", *(_short(found.floor[measure]) for measure in SHOWN))
    return made


def table_of_correlations(found: Comparison) -> Table:
    """The measures, best first."""
    title = f"Rank correlation (Spearman) over {len(found.rows)} sets"
    made = Table("measure of pixels", title=title)
    made.add_column("with the combined figure", justify="right")
    made.add_column("with the Fréchet distance", justify="right")
    ordered = sorted(found.correlations().items(), key=lambda item: -item[1][0])
    for name, (combined, by_features) in ordered:
        made.add_row(name, f"{combined:.2f}", f"{by_features:.2f}")
    return made


def _short(value: float) -> str:
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3f}"
