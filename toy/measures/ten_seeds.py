"""Chapter 6's recipes over ten seeds: what `python -m toy.ch06_ring_and_grid --seeds 10` printed.

Mean ± standard error; 2,500 samples of each run. The command takes one to two hours on two cores,
so the chapter prints these rows instead.
"""

from __future__ import annotations

HEADINGS = (
    "recipe",
    "ring: modes",
    "% high quality",
    "reverse KL",
    "sd ratio",
    "grid: modes",
    "% high quality",
    "reverse KL",
    "sd ratio",
)
ROWS = (
    (
        *("plain GAN", "6.4 ± .3", "42.5 ± 5.0", ".69 ± .06", ".92 ± .04"),
        *("17.2 ± 1.1", "22.0 ± 3.2", "1.22 ± .11", "1.13 ± .03"),
    ),
    (
        *("+ R1 and R2", "7.6 ± .2", "32.4 ± 2.4", ".42 ± .06", ".95 ± .04"),
        *("20.6 ± .9", "26.0 ± 2.4", ".97 ± .06", "1.09 ± .03"),
    ),
    (
        *("+ relativistic loss", "7.4 ± .3", "30.7 ± 2.9", ".46 ± .08", ".96 ± .03"),
        *("21.0 ± .9", "23.7 ± 2.0", "1.00 ± .09", "1.12 ± .03"),
    ),
    (
        *("+ falling rates, average", "8", "80.4 ± .9", ".041 ± .010", ".85 ± .01"),
        *("23.7 ± .4", "51.0 ± 1.1", ".68 ± .05", "1.04 ± .01"),
    ),
    (
        *("+ fading noise", "7.9 ± .1", "80.5 ± 1.6", ".064 ± .020", ".86 ± .01"),
        *("23.1 ± .5", "53.1 ± .6", ".72 ± .05", "1.08 ± .02"),
    ),
    (
        *("+ coin flips (full)", "8", "98.9 ± .1", ".003 ± .001", ".90 ± .01"),
        *("25", "98.5 ± .1", ".031 ± .004", ".88 ± .01"),
    ),
    (
        *("a perfect sampler", "8", "98.85", ".002", "1"),
        *("25", "98.85", ".005", "1"),
    ),
)
