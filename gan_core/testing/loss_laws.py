"""The laws of any GAN loss. Notation: a [n] real logits, b [m] fake logits, L_D, L_G the losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from gan_core import losses
from gan_core.losses import GANLoss
from gan_core.testing import strategies
from gan_core.testing.law import Violation, first_lines, hold, law
from gan_core.testing.numeric import NEAR, close, equal, float32, same_in_all_ways

CROSS_ENTROPY = ("minimax", "non-saturating")  # the two whose discriminator's loss is L_D
GOODFELLOW = (*CROSS_ENTROPY, "wasserstein", "hinge")  # those that law 3 ties together
FAMILIES = tuple(losses.LOSSES)

SEEDS = st.integers(0, 2**16)  # of NumPy's generator
SUM_FOR_MEAN = "it looks like a sum over the batch in place of a mean"


# ---- what is computed ----


def scalar(value: Any, player: str, **inputs: Any) -> np.float64:
    """A player's loss as a float64; Violation if it is no scalar."""
    if value is None:
        raise Violation("a float32 scalar", f"None from {player}", "a return is missing", inputs)
    value = tf.convert_to_tensor(value)
    if value.shape != []:
        raise Violation(
            "a float32 scalar",
            f"shape {list(value.shape)} from {player}",
            "tf.reduce_mean is missing, or is over one axis only",
            inputs,
        )
    return np.float64(value)


def d_value(loss: GANLoss, real: Any, fake: Any) -> np.float64:
    """D's loss on float32 logits, as a float64."""
    return scalar(loss.discriminator(float32(real), float32(fake)), "discriminator")


def g_value(loss: GANLoss, real: Any, fake: Any) -> np.float64:
    """G's loss, the same."""
    return scalar(loss.generator(float32(real), float32(fake)), "generator")


VALUES = {"discriminator": d_value, "generator": g_value}


def gradients(loss: GANLoss, real: Any, fake: Any) -> tuple[Any, Any, Any]:
    """(dL_D/da [n], dL_D/db [m], dL_G/db [m]) by TensorFlow, as float64; 0 where unconnected."""
    real = float32(real)
    fake = float32(fake)
    with tf.GradientTape() as d_tape:
        d_tape.watch([real, fake])
        d_loss = loss.discriminator(real, fake)
    with tf.GradientTape() as g_tape:
        g_tape.watch(fake)
        g_loss = loss.generator(real, fake)
    of_d = d_tape.gradient(d_loss, [real, fake], unconnected_gradients="zero")
    of_g = g_tape.gradient(g_loss, fake, unconnected_gradients="zero")
    first, second, third = (np.asarray(slopes, np.float64) for slopes in (*of_d, of_g))
    return first, second, third


def cut(loss: GANLoss, real: Any, fake: Any) -> tuple[Any, Any]:
    """A paired loss compares by position: cut both batches to the shorter one's size."""
    size = min(len(real), len(fake)) if loss.paired else None
    return real[:size], fake[:size]


def magnitude(real: Any, fake: Any) -> float:
    """What rounding in a sum of these logits is measured against."""
    return float(1.0 + np.mean(np.abs(np.float64(real))) + np.mean(np.abs(np.float64(fake))))


def answers(loss: GANLoss, real: Any, fake: Any) -> dict[str, Any]:
    """What each player gets; Violation if a function of the user's raises."""
    # Where nothing is paired, G's loss knows the fake logits alone.
    calls = {
        "discriminator": (loss.discriminator, real),
        "generator": (loss.generator, real if loss.paired else None),
    }
    found = {}
    for player, (function, known) in calls.items():
        try:
            found[player] = function(known, fake)
        except Exception as error:  # whatever the user's code raises
            raise Violation(
                f"a float32 scalar from {player}",
                f"{type(error).__name__}: {first_lines(error)}",
                "batches of unequal size are added; or G uses the real logits, which are None "
                "unless the loss is paired",
                {"real": "None" if known is None else real, "fake": fake},
            ) from error
    return found


# ---- what any loss must do ----


@law(
    0,
    "loss",
    "L_D(a, b), L_G(a, b) in R, float32, finite for ordinary logits",
    "tf.reduce_mean is missing",
    first=True,
)
def float32_scalar(loss: GANLoss) -> None:
    """Each player gets one finite float32 number."""
    for n, m in ((1, 1), (3, 3)) if loss.paired else ((1, 1), (3, 5)):
        real = tf.linspace(-1.0, 1.0, n)
        fake = tf.linspace(-2.0, 2.0, m)
        of_players = answers(loss, real, fake)
        for player, value in of_players.items():
            number = scalar(value, player, real=real, fake=fake)
            dtype = tf.convert_to_tensor(value).dtype
            hold(
                dtype == tf.float32,
                "float32",
                f"{dtype.name} from {player}",
                "constants or labels of another dtype, or a cast",
            )
            hold(
                np.isfinite(number),
                "a finite number",
                f"{number} from {player}",
                "a logarithm or a division of 0",
                real=real,
                fake=fake,
            )


@law(
    0,
    "loss",
    "eager = graph = XLA, for values and gradients",
    "Python's or NumPy's numbers in the way, or a formula that rounds much (log of 1 - sigma)",
)
def eager_graph_and_xla_agree(loss: GANLoss) -> None:
    """The loss and its gradients are the same in eager mode, in a graph and compiled by XLA."""
    real = np.linspace(-6, 5, 7, dtype=np.float32)
    fake = np.linspace(7, -4, 7, dtype=np.float32)

    def everything(real: tf.Tensor, fake: tf.Tensor) -> list[tf.Tensor]:
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real, fake])
            both = [loss.discriminator(real, fake), loss.generator(real, fake)]
        slopes = [
            tape.gradient(value, logits, unconnected_gradients="zero")
            for value in both
            for logits in (real, fake)
        ]
        return both + slopes

    same_in_all_ways(
        lambda: everything,
        (float32(real), float32(fake)),
        steps=NEAR,
        real=real,
        fake=fake,
    )


@law(
    28,
    "loss",
    "L(a, b) twice is one number",
    "random labels or noise inside the loss; give randomness a seed from outside",
    draws=(strategies.same_size(2, 4.0),),
)
def same_logits_same_loss(loss: GANLoss, pair: Any) -> None:
    """A loss is a function of the logits and of nothing else."""
    real, fake = pair
    for player, value in VALUES.items():
        values = [value(loss, real, fake) for _ in range(3)]
        hold(len(set(values)) == 1, values[0], values, real=real, fake=fake, player=player)


@law(
    29,
    "loss",
    "L of logits [n], [n, 1] and [n, 2, 2, 1] is the mean over all of them",
    "labels of another shape than the logits: [n] against [n, 1] broadcasts to [n, n]",
    draws=(SEEDS,),
)
def logits_of_any_shape(loss: GANLoss, seed: int) -> None:
    """The shape in which D gives its logits does not matter."""
    random = np.random.default_rng(seed)
    real, fake = random.uniform(-3, 3, [2, 8]).astype(np.float32)
    for player, value in VALUES.items():
        flat = value(loss, real, fake)
        for shape in ([8, 1], [2, 2, 2, 1], [1, 8]):
            got = value(loss, real.reshape(shape), fake.reshape(shape))
            scale = magnitude(real, fake) + abs(flat)
            equal(got, flat, NEAR, scale, real=real, fake=fake, shape=str(shape), player=player)


@law(
    30,
    "loss",
    "dL_D/da, dL_D/db and dL_G/db exist",
    "tf.stop_gradient, .numpy(), a cast to int, or a comparison in the way",
)
def gradients_reach_the_logits(loss: GANLoss) -> None:
    """D learns from real and from fake, and G from fake: no gradient is cut off."""
    real = float32([0.3, -0.2, 0.4])
    fake = float32([0.4, 0.1, -0.3])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, fake])
        d_loss = loss.discriminator(real, fake)
        g_loss = loss.generator(real, fake)
    wanted = {
        "D's loss with respect to the real logits": (d_loss, real),
        "D's loss with respect to the fake logits": (d_loss, fake),
        "G's loss with respect to the fake logits": (g_loss, fake),
    }
    for which, (value, logits) in wanted.items():
        got = tape.gradient(value, logits)
        hold(got is not None, "a gradient", f"None, of {which}", real=real, fake=fake)


@law(
    0,
    "loss",
    "dL/dx = (L(x + h) - L(x - h)) / 2h",
    "a custom gradient, tf.stop_gradient, or rounding in the way",
    draws=(st.sampled_from((1, 3)), SEEDS),
)
def gradients_are_slopes(loss: GANLoss, size: int, seed: int) -> None:
    """The gradients are the slopes of the loss, by central differences."""
    # The kinks of hinges (at whole numbers of a, b and a - b) are out of reach.
    random = np.random.default_rng(seed)
    real = np.float32(random.integers(-64, 64, size) / 16 + 1 / 64)
    fake = np.float32(random.integers(-64, 64, size) / 16 + 3 / 64)
    h = np.float32(1 / 128)
    of_d, of_d_fake, of_g = gradients(loss, real, fake)
    for i, step in enumerate(h * np.eye(size, dtype=np.float32)):
        rises = [
            d_value(loss, real + step, fake) - d_value(loss, real - step, fake),
            d_value(loss, real, fake + step) - d_value(loss, real, fake - step),
            g_value(loss, real, fake + step) - g_value(loss, real, fake - step),
        ]
        slopes = np.array(rises) / (2 * h)
        close((of_d[i], of_d_fake[i], of_g[i]), slopes, 1e-3, 1e-3, real=real, fake=fake)


def between_aims(seed: int, size: int) -> Any:
    """Logits in [1/4, 1/2], which is between the aims of every coding: 0 and 1, or -1 and 1."""
    return np.float32(np.random.default_rng(seed).uniform(0.25, 0.5, [2, size]))


SIZES = st.sampled_from(strategies.SIZES)


@law(
    0,
    "loss",
    "L_D(a + c, b) < L_D(a, b) for c > 0, between the aims",
    "the signs or targets of real and fake are swapped",
    draws=(SIZES, SEEDS),
)
def d_raises_real_logits(loss: GANLoss, size: int, seed: int) -> None:
    """D gains when it gives real samples a higher logit."""
    real, fake = between_aims(seed, size)
    before = d_value(loss, real, fake)
    after = d_value(loss, real + 0.25, fake)
    hold(after < before, f"less than {before:.7g}", after, real=real + 0.25, fake=fake)


@law(
    0,
    "loss",
    "L_D(a, b - c) < L_D(a, b) for c > 0, between the aims",
    "the signs or targets of real and fake are swapped, or fake is detached",
    draws=(SIZES, SEEDS),
)
def d_lowers_fake_logits(loss: GANLoss, size: int, seed: int) -> None:
    """D gains when it gives fake samples a lower logit."""
    real, fake = between_aims(seed, size)
    before = d_value(loss, real, fake)
    after = d_value(loss, real, fake - 0.25)
    hold(after < before, f"less than {before:.7g}", after, real=real, fake=fake - 0.25)


@law(
    0,
    "loss",
    "L_G(a, b + c) < L_G(a, b) for c > 0, and b just above what D wants of fake samples",
    "G's sign is lost, or its target is that of fake samples",
    draws=(SIZES, SEEDS),
)
def g_raises_fake_logits(loss: GANLoss, size: int, seed: int) -> None:
    """G gains when D gives its samples a higher logit."""
    real, above = between_aims(seed, size)
    fake = wanted_of_fake(loss, real) + above
    before = g_value(loss, real, fake)
    after = g_value(loss, real, fake + 0.25)
    hold(after < before, f"less than {before:.7g}", after, real=real, fake=fake + 0.25)


def wanted_of_fake(loss: GANLoss, real: Any) -> Any:
    """The logit from -2 to 2, in steps of 1/4, that D likes best for all fake samples.

    It is -2 where D always prefers lower ones, and 0 or -1 in least squares. G's own aim may lie
    anywhere above: at 0, for example, where D's aims are -1 and 1 (Mao et al. 2017, equation 9).
    """
    logits = np.arange(-2.0, 2.25, 0.25, dtype=np.float32)
    values = [d_value(loss, real, np.full_like(real, logit)) for logit in logits]
    return logits[np.argmin(values)]


@law(
    2,
    "loss",
    "|L|, |dL| < infinity for |logit| <= 1e30 (1e18 where squares may be)",
    "exp, or the logarithm of a rounded probability; use tf.nn.softplus",
    draws=(strategies.pairs(1e30),),
    examples=(((np.array([1e30, -1e30], "f4"), np.array([-1e30, 1e30], "f4")),),),
)
def finite_for_large_logits(loss: GANLoss, pair: Any) -> None:
    """Values and gradients are finite for large logits."""
    squares = not set(loss.claims) & {*FAMILIES} - {"least-squares"}
    limit = np.float32(1e18 if squares else 1e30)
    real, fake = (np.clip(logits, -limit, limit) for logits in cut(loss, *pair))
    values = np.array([d_value(loss, real, fake), g_value(loss, real, fake)])
    hold(np.isfinite(values).all(), "finite losses", values, real=real, fake=fake)
    slopes = np.concatenate(gradients(loss, real, fake))
    hold(np.isfinite(slopes).all(), "finite gradients", slopes, real=real, fake=fake)


@law(
    18,
    "loss",
    "L(a', b') = L(a, b) for any order a' of a and b' of b (one order, where paired)",
    "a position in the batch is used, or logits are compared by position",
    draws=(strategies.pairs(10.0), SEEDS),
)
def order_does_not_matter(loss: GANLoss, pair: Any, seed: int) -> None:
    """The order of a batch does not matter."""
    real, fake = cut(loss, *pair)
    random = np.random.default_rng(seed)
    order = random.permutation(len(real))
    other = order if loss.paired else random.permutation(len(fake))
    for player, value in VALUES.items():
        before = value(loss, real, fake)
        after = value(loss, real[order], fake[other])
        scale = magnitude(real, fake) + abs(before)
        equal(after, before, NEAR, scale, real=real, fake=fake, order=order, player=player)


@law(
    19,
    "loss",
    "(n1 + n2) L(a1 a2, b1 b2) = n1 L(a1, b1) + n2 L(a2, b2)",
    "a statistic of the batch is used, or both batches share one mean",
    draws=(strategies.same_size(2, 10.0), strategies.same_size(2, 10.0)),
)
def mean_over_the_batch(loss: GANLoss, first: Any, second: Any) -> None:
    """A loss is a mean over the batch, and nothing else."""
    real, fake = (np.concatenate(parts) for parts in zip(first, second, strict=True))
    for player, value in VALUES.items():
        parts = value(loss, *first), value(loss, *second)
        weighted = [len(first[0]) * parts[0], len(second[0]) * parts[1]]
        whole = value(loss, real, fake)
        wanted = np.sum(weighted) / len(real)
        scale = magnitude(real, fake) + np.sum(np.abs(weighted)) / len(real)
        added = abs(whole - sum(parts)) <= 1e-4 * scale
        likely = SUM_FOR_MEAN if added else ""
        equal(whole, wanted, NEAR, scale, likely, real=real, fake=fake, player=player)


@law(
    19,
    "loss",
    "L(aa, bb) = L(a, b), and L(aa, b) = L(a, bb) = L(a, b) where nothing is paired",
    "one sum is divided by the other batch's size, or both batches share one mean",
    draws=(strategies.pairs(10.0),),
)
def repeats_change_nothing(loss: GANLoss, pair: Any) -> None:
    """Each batch has its own mean: a sample seen twice changes nothing."""
    real, fake = cut(loss, *pair)
    twice = np.tile(real, 2)
    fake_twice = np.tile(fake, 2)
    batches = [(twice, fake_twice)]
    if not loss.paired:
        batches += [(twice, fake), (real, fake_twice)]
    for player, value in VALUES.items():
        before = value(loss, real, fake)
        scale = magnitude(real, fake) + abs(before)
        for one, other in batches:
            after = value(loss, one, other)
            doubled = abs(after - 2 * before) <= 1e-4 * scale
            likely = SUM_FOR_MEAN if doubled and abs(before) > 1e-3 else ""
            equal(after, before, NEAR, scale, likely, real=one, fake=other, player=player)
