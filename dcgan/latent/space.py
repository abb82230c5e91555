"""The space that z lives in: paths through it, walks of the lab, and directions that mean something.

    function          gives                                          stays on the prior's shell?
    lerp              the straight line from a to b                  no: half way, samples' norm is 0.71 of theirs
    slerp             the arc from a to b                            yes, if a and b are on it
    ray, switch       the lab's walks from z = (1, ..., 1)           only where a formula says so
    fix_part          the lab's: fix the first numbers, draw the rest    if what is fixed is of size 1
    set_component     z with a given coordinate along a direction    if keep_norm
    directions        the direction along which a factor changes     (of length 1)

A z of N(0, I) in d dimensions is hardly ever near 0, though the density is highest there: its norm
is that of d independent normals, and nearly all of the mass lies near a *shell* of radius sqrt(d).
G was trained on that shell alone. What it does elsewhere is not what it learnt.

All arithmetic is NumPy float64; what is given back is float32, ready for a generator.
"""

import math

import numpy as np

from gan_core import checks, rng

OPPOSITE = 1e-6  # radians: two float32 directions this near to opposite define no arc


def shell(dim: int) -> tuple[float, float]:
    """Mean and sd of ||z|| for z ~ N(0, I) in `dim` dimensions: the chi distribution's.

    mean = sqrt(2) Gamma((dim + 1) / 2) / Gamma(dim / 2),  sd = sqrt(dim - mean^2); exact. Near sqrt(dim - 1/2)
    and sqrt(1/2) in many dimensions: 9.98 and 0.71 for 100 (Johnson, Kotz and Balakrishnan 1994, chapter 18).
    """
    checks.integer("shell", "dim", dim, 1, 10**6)
    mean = math.sqrt(2.0) * math.exp(math.lgamma((dim + 1) / 2.0) - math.lgamma(dim / 2.0))
    return mean, math.sqrt(dim - mean**2)


def norms(z) -> np.ndarray:
    """||z||: [..., d] -> [...] float64."""
    return np.linalg.norm(_array("norms", "z", z), axis=-1)


# ---- from one z to another


def lerp(a, b, t) -> np.ndarray:
    """The straight line, (1 - t) a + t b: a, b [..., d]; t in [0, 1], a number or [T] -> [..., d] or [T, ..., d].

    Between two samples of the prior it leaves the shell: at t = 1/2 the squared norm is (|a|^2 + |b|^2) / 4, half
    of what it is at the ends, as independent samples are nearly at right angles.
    """
    a, b, t = _ends("lerp", a, b, t)
    return ((1.0 - t) * a + t * b).astype(np.float32)


def slerp(a, b, t) -> np.ndarray:
    """The arc: the direction turns at constant speed along the great circle, the norm changes linearly.

    a, b [..., d], neither of them 0; t in [0, 1], a number or [T] -> [..., d] or [T, ..., d]. With the directions
    u = a/|a|, v = b/|b| and the angle w between them (Shoemake 1985; White 2016 for latents)

        |z(t)| = (1 - t) |a| + t |b|,    z(t)/|z(t)| = [sin((1 - t) w) u + sin(t w) v] / sin w

    computed from the arc's middle, where it is cos((t - 1/2) w) m + sin((t - 1/2) w) n with m, n the unit vectors
    along u + v and v - u: no small number is divided by, even if a and b are parallel. z(0) = a and z(1) = b exactly.
    Raises ValueError where a and b are opposite: every great circle through a passes b, and none is nearer.
    """
    a, b, t = _ends("slerp", a, b, t)
    lengths = [np.linalg.norm(end, axis=-1, keepdims=True) for end in (a, b)]
    for name, length in zip("ab", lengths, strict=True):
        if np.any(length == 0.0):
            checks.fail(
                "slerp",
                name,
                "other than 0",
                "a vector of zeros",
                "0 has no direction; lerp passes it.",
            )
    u, v = a / lengths[0], b / lengths[1]
    along, across = (
        np.linalg.norm(u + v, axis=-1, keepdims=True),
        np.linalg.norm(v - u, axis=-1, keepdims=True),
    )
    if np.any(along < OPPOSITE):
        checks.fail(
            "slerp",
            "b",
            "not opposite to a",
            "two opposite directions",
            "No arc between them is the shortest: go by a third point, or through 0 with lerp.",
        )
    turned = (t - 0.5) * 2.0 * np.arctan2(across, along)
    direction = np.cos(turned) * (u + v) / along + np.sin(turned) * (v - u) / np.where(
        across > 0.0, across, 1.0
    )
    arc = ((1.0 - t) * lengths[0] + t * lengths[1]) * direction
    return np.where(t == 0.0, a, np.where(t == 1.0, b, arc)).astype(np.float32)


# ---- the lab's walks


def ray(dim: int, factors=(1.0, 0.8, 0.6, 0.4)) -> np.ndarray:
    """c (1, ..., 1) for each c: [len(factors), dim]. Its norm is |c| sqrt(dim): on the shell for |c| = 1 alone."""
    checks.integer("ray", "dim", dim, 1)
    return (_array("ray", "factors", factors)[:, None] * np.ones(dim)).astype(np.float32)


def switch(dim: int, lengths=(0, 10, 20, 30, 40, 50, 60, 70, 80, 90), values=-1.0) -> np.ndarray:
    """(1, ..., 1) with its first lengths[n] numbers set to values[n]: [len(lengths), dim].

    values: one for all, or one a length. For values of size 1 the norm stays sqrt(dim): on the shell.
    """
    checks.integer("switch", "dim", dim, 1)
    lengths = [
        checks.integer("switch", "each of lengths", int(length), 0, dim) for length in lengths
    ]
    values = _array("switch", "values", values)
    if values.shape not in ((), (len(lengths),)):
        checks.fail(
            "switch",
            "values",
            f"a number, or {len(lengths)}, one for each length",
            checks.show_shape(values.shape),
        )
    first = np.arange(dim) < np.array(lengths)[:, None]
    return np.where(first, np.broadcast_to(values, len(lengths))[:, None], 1.0).astype(np.float32)


def fix_part(dim: int, n: int, seed, fixed: int = 35, value: float = 1.0) -> np.ndarray:
    """The first `fixed` numbers are `value`, the others drawn from N(0, 1): [n, dim].

    seed: [2] int64 of `gan_core.rng`. The mean squared norm is fixed value^2 + dim - fixed: the prior's, `dim`,
    if |value| = 1. (The lab's text says that the first 20 are fixed; its code fixes 35.)
    """
    checks.integer("fix_part", "n", n, 1)
    checks.integer("fix_part", "fixed", fixed, 0, checks.integer("fix_part", "dim", dim, 1))
    z = rng.normal([n, dim], seed).numpy()
    z[:, :fixed] = checks.number("fix_part", "value", value)
    return z


def lab_walks(dim: int = 100, seed: int = 0) -> dict[str, np.ndarray]:
    """The walks of the lab's Explore Latent Variables, scaled from 100 to `dim` numbers: title -> z [n, dim]."""
    tenth, fixed = dim // 10, 35 * dim // 100
    return {
        "c (1, ..., 1), c = 1, .8, .6, .4": ray(dim),
        f"ones, the first {tenth}n set to -1": switch(dim, [tenth * n for n in range(10)]),
        f"the first {fixed} are 1, the others drawn": fix_part(
            dim, 10, rng.seed(seed, "the lab's"), fixed
        ),
    }


def exercise_walks(dim: int = 100, seed: int = 0) -> dict[str, np.ndarray]:
    """The walks of its exercises 1, 2 and 3, in the same way."""
    fifth, fixed = dim // 5, 35 * dim // 100
    return {
        "c (1, ..., 1), c = -1, -.8, -.6, -.4": ray(dim, [-1.0, -0.8, -0.6, -0.4]),
        f"ones, the first {fifth}n set to -.5n": switch(
            dim, [fifth * n for n in range(5)], [-0.5 * n for n in range(5)]
        ),
        f"the first {fixed} are -1, the others drawn": fix_part(
            dim, 10, rng.seed(seed, "the lab's"), fixed, -1.0
        ),
    }


# ---- along a direction


def coordinate(dim: int, k: int) -> np.ndarray:
    """The direction of z's k-th number: [dim], 1 at k and 0 elsewhere."""
    checks.integer("coordinate", "k", k, 0, checks.integer("coordinate", "dim", dim, 1) - 1)
    return np.eye(1, dim, k, dtype=np.float32)[0]


def set_component(z, direction, value, keep_norm: bool = False) -> np.ndarray:
    """z with its component along a direction set: z - (z.u) u + value u, with u = direction / |direction|.

    z [..., d], direction [d]; value a number or [T] -> [..., d] or [T, ..., d]. Along any direction the prior's
    components are N(0, 1), so -3 to 3 is nearly all that G has seen. keep_norm: what is not along u is scaled so that
    |z| stays what it was, and the component still is `value` (which then may not be larger than |z|).
    """
    owner = "set_component"
    z, direction = _array(owner, "z", z), _array(owner, "direction", direction)
    if direction.shape != z.shape[-1:]:
        checks.fail(
            owner, "direction", checks.show_shape(z.shape[-1:]), checks.show_shape(direction.shape)
        )
    u = _unit(owner, direction)
    value = _array(owner, "value", value)
    value = value.reshape(*value.shape, *[1] * z.ndim)
    rest = z - (z @ u)[..., None] * u
    if keep_norm:
        before, left = (np.linalg.norm(part, axis=-1, keepdims=True) for part in (z, rest))
        if np.any(np.abs(value) > before) or np.any(
            (left < 1e-9 * before) & (np.abs(value) < before)
        ):
            checks.fail(
                owner,
                "value",
                f"of size at most |z| = {before.min():.3g}, and z not along the direction",
                f"{np.abs(value).max():.3g}",
                "Choose smaller values, or keep_norm=False.",
            )
        rest = rest * np.sqrt(before**2 - value**2) / np.where(left > 0.0, left, 1.0)
    return (rest + value * u).astype(np.float32)


def directions(z, labels) -> dict[int, np.ndarray]:
    """For each value of a factor, the direction in which it becomes more likely: {value: [d] of length 1}.

    z [N, d], labels [N] whole numbers: the factor's value in the face that G makes of each z. Least squares:
    for each value the w of the plane w.z + c nearest to "the face has it" (1 or 0), divided by its length. For z of
    the prior w is, up to its length, mean(z | has it) - mean(z | has not), less the chance correlations of this
    sample (Fisher 1936). Values that no face has, or all, have no direction. N must be over d + 1.
    """
    owner = "directions"
    z, labels = _array(owner, "z", z), np.asarray(labels)
    if z.ndim != 2 or len(z) <= z.shape[1] + 1:
        checks.fail(
            owner, "z", "[N, d] with N over d + 1", checks.show_shape(z.shape), "Draw more samples."
        )
    if labels.shape != z.shape[:1] or labels.dtype.kind not in "iu":
        checks.fail(
            owner,
            "labels",
            f"[{len(z)}] whole numbers",
            f"{checks.show_shape(labels.shape)} {labels.dtype}",
        )
    values = np.unique(labels)
    has = (labels[:, None] == values).astype(np.float64)
    plane = np.linalg.lstsq(z - z.mean(axis=0), has - has.mean(axis=0), rcond=None)[0]
    return {
        int(value): _unit(owner, w).astype(np.float32)
        for value, w in zip(values, plane.T, strict=True)
        if len(values) > 1
    }


def orthogonal_to(direction, others) -> np.ndarray:
    """What is left of a direction [d] outside the space that others [m, d] span, of length 1.

    Moving along it leaves every linear score along the others as it was (Shen et al. 2020).
    """
    direction, others = (
        _array("orthogonal_to", "direction", direction),
        _array("orthogonal_to", "others", others),
    )
    if direction.ndim != 1 or others.ndim != 2 or others.shape[1] != len(direction):
        checks.fail(
            "orthogonal_to",
            "others",
            f"[m, {direction.shape[-1]}]",
            checks.show_shape(others.shape),
        )
    _, sizes, axes = np.linalg.svd(others, full_matrices=False)
    axes = axes[sizes > 1e-9 * max(sizes.max(initial=0.0), 1e-300)]
    left = direction - axes.T @ (axes @ direction)
    if np.linalg.norm(left) < 1e-6 * np.linalg.norm(direction):
        checks.fail(
            "orthogonal_to", "direction", "outside the space of the others", "one inside it"
        )
    return _unit("orthogonal_to", left).astype(np.float32)


def _unit(owner, direction):
    length = np.linalg.norm(direction)
    if length == 0.0:
        checks.fail(owner, "direction", "other than 0", "a vector of zeros")
    return direction / length


def _ends(owner, a, b, t):
    """a, b [..., d] float64, and t with as many axes of size 1 behind it."""
    a, b, t = _array(owner, "a", a), _array(owner, "b", b), _array(owner, "t", t)
    if a.ndim == 0 or a.shape != b.shape:
        checks.fail(
            owner,
            "b",
            f"{checks.show_shape(a.shape)}, as a is" if a.ndim else "a vector",
            checks.show_shape(b.shape),
        )
    if t.ndim > 1 or np.any((t < 0.0) | (t > 1.0)):
        checks.fail(owner, "t", "from 0 to 1, a number or a list of them", str(t.tolist()))
    return a, b, t.reshape(*t.shape, *[1] * a.ndim)


def _array(owner, name, value):
    """`value` as finite float64 numbers."""
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        checks.fail(owner, name, "an array of numbers", f"a {type(value).__name__} that is none")
    if not np.isfinite(array).all():
        checks.fail(
            owner, name, "finite", f"{int((~np.isfinite(array)).sum())} values NaN or infinite"
        )
    return array
