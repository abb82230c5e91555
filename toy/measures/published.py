"""The results of other methods on the ring and the grid, as printed in their papers.

Ring: 8 modes; grid: 25. Mean and, where the paper gives it, standard error of 10 runs. PacGAN's
protocol: 2,500 samples; the ring has radius 1 and sd 0.01, the grid goes from -4 to 4 in steps
of 2 and has sd 0.05; z ~ N(0, I) in the plane, batches of 100, 400,000 steps.
"""

from __future__ import annotations

from typing import NamedTuple

VEEGAN = "Srivastava et al. 2017, table 1"
PACGAN = "Lin et al. 2018, table 1"


class Cells(NamedTuple):
    """What a paper prints for one target; "" for what it leaves out."""

    modes: str  # captured, of 8 or 25
    high_quality: str  # % of the samples within 3 sd of a mode
    reverse_kl: str  # of the shares of the modes, in nats


class Row(NamedTuple):
    """One method, with the table it is printed in."""

    method: str
    source: str
    ring: Cells
    grid: Cells


ROWS = (
    Row("GAN", VEEGAN, Cells("1", "99.3", ""), Cells("3.3", "0.5", "")),
    Row("ALI", VEEGAN, Cells("2.8", "0.13", ""), Cells("15.8", "1.6", "")),
    Row("Unrolled GAN", VEEGAN, Cells("7.6", "35.6", ""), Cells("23.6", "16", "")),
    Row("VEEGAN", VEEGAN, Cells("8", "52.9", ""), Cells("24.6", "40", "")),
    Row(
        "GAN", PACGAN, Cells("6.3 ± .5", "98.2 ± .2", ".45"), Cells("17.3 ± .8", "94.8 ± .7", ".70")
    ),
    Row(
        "ALI", PACGAN, Cells("6.6 ± .3", "97.6 ± .4", ".36"), Cells("24.1 ± .4", "95.7 ± .6", ".14")
    ),
    Row(
        "PacGAN2",
        PACGAN,
        Cells("7.9 ± .1", "95.6 ± 2.0", ".07"),
        Cells("23.8 ± .7", "91.3 ± .8", ".13"),
    ),
    Row(
        "PacGAN3",
        PACGAN,
        Cells("7.8 ± .1", "97.7 ± .3", ".10"),
        Cells("24.6 ± .4", "94.2 ± .4", ".06"),
    ),
    Row(
        "PacGAN4",
        PACGAN,
        Cells("7.8 ± .1", "95.9 ± 1.4", ".07"),
        Cells("24.8 ± .2", "93.6 ± .6", ".04"),
    ),
)


HEADINGS = (
    "method",
    "ring: modes of 8",
    "% high quality",
    "reverse KL",
    "grid: modes of 25",
    "% high quality",
    "reverse KL",
)


def cells_of(source: str) -> list[tuple[str, ...]]:
    """The rows that one paper prints, for a table with these headings.

    Args:
        source: VEEGAN or PACGAN.

    Returns:
        A row a method: its name, then the three numbers of the ring and of the grid.
    """
    return [(row.method, *row.ring, *row.grid) for row in ROWS if row.source == source]
