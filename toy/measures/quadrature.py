"""Integrals of densities on the line, by the midpoint rule in float64.

For the chapters that compare a loss with its theoretical value; training never uses them.
"""

from __future__ import annotations

import numpy as np

from gan_core import checks
from toy.targets.distributions import Normal, Uniform

SMALLEST = 1e-300  # mass below it counts as 0, because so small a number has lost its digits


def span(density: Normal | Uniform, sds: float = 10.0) -> tuple[float, float]:
    """The interval that holds the mass of a density.

    Args:
        density: a uniform or a normal.
        sds: half the width for a normal, in sd, above 0; beyond 10 of them lie 2e-23 of its mass.

    Returns:
        The ends of the interval: those of a uniform, or mean - sds sd and mean + sds sd.

    Raises:
        ValueError: for any other density, and for sds that is not above 0.
    """
    checks.number("span", "sds", sds, above=0.0)
    if isinstance(density, Uniform):
        return density.low, density.high
    if not isinstance(density, Normal):
        checks.fail("span", "density", "a Normal or a Uniform", f"{density!r:.100}")
    return density.mean - sds * density.sd, density.mean + sds * density.sd


def cells(*densities: Normal | Uniform, n: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Cut the line into cells, n of them over the mass of each density.

    The ends of each span are borders of cells, so the jumps of a uniform cost no accuracy.

    Args:
        *densities: at least one normal or uniform.
        n: cells for each density, at least 1.

    Returns:
        The cells' middles x [cells, 1] float32, and their widths [cells] float64.

    Raises:
        ValueError: for no densities, ones that `span` does not know, and n below 1.
    """
    checks.integer("cells", "n", n, 1)
    checks.integer("cells", "the number of densities", len(densities), 1)
    spans = [span(density) for density in densities]
    edges = np.unique(np.concatenate([np.linspace(low, high, n + 1) for low, high in spans]))
    middles = 0.5 * (edges[1:] + edges[:-1])
    return middles.astype(np.float32)[:, np.newaxis], np.diff(edges)


def at(density: Normal | Uniform, x: np.ndarray) -> np.ndarray:
    """The density at each x.

    Args:
        density: anything with a `log_density`.
        x: [n, 1] float32.

    Returns:
        [n] float64, at least 0.
    """
    return np.exp(density.log_density(x).numpy().astype(np.float64))


def integrate(density: np.ndarray, values: np.ndarray, widths: np.ndarray) -> float:
    """The integral of density times value: sum density_i values_i widths_i.

    Where there is no mass (less than 1e-300) no value counts, not even infinity.

    Args:
        density: [n], at least 0.
        values: [n], finite wherever there is mass.
        widths: [n], of the cells.

    Returns:
        The sum, in float64.

    Raises:
        ValueError: for arrays that are not all [n].
    """
    density = np.asarray(density)
    values = np.asarray(values)
    widths = np.asarray(widths)
    for name, array in (("density", density), ("values", values), ("widths", widths)):
        if array.shape != (density.size,):
            wanted = f"[{density.size}], as the density has"
            checks.fail("integrate", name, wanted, checks.show_shape(array.shape))
    mass = density > SMALLEST
    return float(np.sum((density * widths)[mass] * values[mass]))


def jensen_shannon(p: Normal | Uniform, q: Normal | Uniform) -> float:
    """The Jensen-Shannon divergence: JS(p, q) = 1/2 KL(p | m) + 1/2 KL(q | m), m = (p + q) / 2.

    KL(r | m) = integral of r log(r / m) (Lin 1991).

    Args:
        p: a normal or a uniform.
        q: another.

    Returns:
        In nats, from 0 (p = q) to log 2 (no overlap).

    Raises:
        ValueError: for densities that `span` does not know.
    """
    x, widths = cells(p, q)
    p_at_x = np.maximum(at(p, x), SMALLEST)
    q_at_x = np.maximum(at(q, x), SMALLEST)
    middle = 0.5 * (p_at_x + q_at_x)
    kl_of_p = integrate(p_at_x, np.log(p_at_x / middle), widths)
    kl_of_q = integrate(q_at_x, np.log(q_at_x / middle), widths)
    return 0.5 * (kl_of_p + kl_of_q)
