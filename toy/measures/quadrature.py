"""Integrals over densities on the line, by the midpoint rule in float64.

For the chapters that compare a loss with what theory says it should be; no GAN ever does this.
"""

import numpy as np

from toy.targets.distributions import Uniform


def span(density, sds: float = 10.0) -> tuple[float, float]:
    """Where its mass is: all of it for a uniform, all but 2e-23 within ten sd of a normal's mean."""
    if isinstance(density, Uniform):
        return density.low, density.high
    return density.mean - sds * density.sd, density.mean + sds * density.sd


def cells(*densities, n: int = 4000):
    """n cells over the mass of each density. -> their middles x [cells, 1] float32, widths [cells] float64.

    The ends of each span are borders of cells, so the jumps of a uniform cost no accuracy.
    """
    edges = np.unique(np.concatenate([np.linspace(*span(density), n + 1) for density in densities]))
    return (0.5 * (edges[1:] + edges[:-1])).astype(np.float32)[:, None], np.diff(edges)


def at(density, x) -> np.ndarray:
    """The density at x [n, 1] -> [n] float64."""
    return np.exp(density.log_density(x).numpy().astype(np.float64))


def integrate(density, values, widths) -> float:
    """sum density_i values_i widths_i, all [n]. Where there is no mass no value counts, not even infinity.

    Mass below 1e-300 is taken for none: so small a number has lost its digits.
    """
    mass = density > 1e-300
    return float(np.sum(np.asarray(density * widths)[mass] * np.asarray(values)[mass]))


def jensen_shannon(p, q) -> float:
    """1/2 KL(p | m) + 1/2 KL(q | m), m = (p + q) / 2, KL(r | m) = integral of r log(r / m); 0 to log 2."""
    x, widths = cells(p, q)
    p, q = (np.maximum(at(density, x), 1e-300) for density in (p, q))
    return 0.5 * sum(integrate(r, np.log(r / (0.5 * (p + q))), widths) for r in (p, q))
