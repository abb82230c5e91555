"""The laws of gradient penalties, on critics whose slopes are known.

A linear critic D(x) = w.x has the slope w everywhere; a quadratic one, D(x) = 1/2 x.Ax + w.x, has
the slope Ax + w, which differs from sample to sample; a small network has second gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from hypothesis import strategies as st

from gan_core import rng
from gan_core.penalties import Critic
from gan_core.testing import reference, strategies
from gan_core.testing.law import Violation, hold, law
from gan_core.testing.numeric import close, draw, float32, same_in_all_ways
from gan_core.testing.subjects import Penalty

FEATURES = 3
BATCHES = st.sampled_from((1, 2, 5))
NUMBERS = st.integers(0, 2**16)  # seeds of NumPy: a law about slopes needs no clever samples
WEIGHTS = strategies.batch(FEATURES, 4.0)
SEED = rng.seed(0, "penalty")

CriticFunction = Callable[[tf.Tensor], tf.Tensor]


def linear(w: Any) -> CriticFunction:
    """D(x) = w.x for x [B, ...] of w's shape."""
    weights = float32(w)

    def critic(x: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(x * weights, axis=list(range(1, len(x.shape))))

    return critic


def quadratic(matrix: Any, w: Any) -> CriticFunction:
    """D(x) = 1/2 x.Ax + w.x with a symmetric A."""
    symmetric = float32(matrix)
    straight = linear(w)
    return lambda x: 0.5 * tf.reduce_sum(x * (x @ symmetric), axis=1) + straight(x)


def draw_quadratic(number: int, batch: int) -> tuple[Any, Any, Any, Any]:
    """A symmetric A, w, and batches real and fake."""
    shapes = [FEATURES, FEATURES], [FEATURES], [batch, FEATURES], [batch, FEATURES]
    matrix, w, real, fake = draw(number, *shapes)
    return np.float32((matrix + matrix.T) / 2), w, real, fake


def pay(penalty: Penalty, critic: CriticFunction, real: Any, fake: Any, seed: Any = None) -> Any:
    """The penalty as a float64; Violation if it is no scalar."""
    seed = SEED if seed is None else seed
    paid = penalty(Critic(critic), float32(real), float32(fake), seed=seed)
    if paid is None or tf.convert_to_tensor(paid).shape != []:
        came = "None" if paid is None else f"shape {list(paid.shape)}"
        raise Violation("a float32 scalar", came, "tf.reduce_mean is missing", {})
    return np.float64(paid)


def no_place(penalty: Penalty) -> str:
    """The laws of where slopes are taken cannot be put to a penalty at points of its own."""
    return "for penalties at real, fake or between" if penalty.at == "elsewhere" else ""


def not_between(penalty: Penalty) -> str:
    """The law of random points is for penalties between real and fake."""
    return "" if penalty.at == "between" else "for penalties between real and fake"


def not_at_one(penalty: Penalty) -> str:
    """The law of one batch alone is for penalties at real or at fake samples."""
    return "" if penalty.at in ("real", "fake") else "for penalties at real or at fake samples"


@law(
    31,
    "penalty",
    "P in R, float32, finite",
    "tf.reduce_mean is missing",
    first=True,
)
def penalty_is_a_float32_scalar(penalty: Penalty) -> None:
    """A penalty is one finite float32 number."""
    matrix, w, real, fake = draw_quadratic(0, 4)
    paid = penalty(Critic(quadratic(matrix, w)), float32(real), float32(fake), seed=SEED)
    number = pay(penalty, quadratic(matrix, w), real, fake)
    dtype = tf.convert_to_tensor(paid).dtype
    hold(dtype == tf.float32, "float32", dtype.name, real=real, fake=fake)
    hold(np.isfinite(number), "a finite number", number, real=real, fake=fake)


@law(
    32,
    "penalty",
    "P >= 0",
    "a sign, or the logits in place of their slopes",
    draws=(BATCHES, NUMBERS),
)
def penalty_is_never_negative(penalty: Penalty, batch: int, number: int) -> None:
    """A penalty is never negative."""
    matrix, w, real, fake = draw_quadratic(number, batch)
    for scale in (1.0, 0.1):  # slopes of about 2, and below 1
        critic = quadratic(np.float32(scale) * matrix, np.float32(scale) * w)
        paid = pay(penalty, critic, real, fake)
        hold(paid >= 0, "at least 0", paid, real=real, fake=fake, A=scale * matrix, w=scale * w)


@law(
    33,
    "penalty",
    "D = 0: P and dP/dw are finite",
    "the gradient of a square root at 0 is infinite; keep its argument away from 0",
)
def flat_critic_is_finite(penalty: Penalty) -> None:
    """A critic that is flat pays a finite penalty, and its gradient is finite."""
    w = tf.Variable(tf.zeros([FEATURES]))
    x = tf.ones([2, FEATURES])
    with tf.GradientTape() as tape:
        paid = penalty(Critic(lambda x: tf.linalg.matvec(x, w)), x, -x, seed=SEED)
    hold(np.isfinite(paid), "a finite penalty", paid, w=w)
    gradient = tape.gradient(paid, w, unconnected_gradients="zero")
    hold(np.isfinite(gradient).all(), "a finite gradient with respect to w", gradient, w=w)


@law(
    21,
    "penalty",
    "D(x) = w.x: P is the same at any batch size",
    "one norm over the whole batch: it grows with the root of the batch size",
    draws=(WEIGHTS.filter(lambda w: np.linalg.norm(w) > 0.1), NUMBERS),
)
def any_batch_size_pays_the_same(penalty: Penalty, w: Any, number: int) -> None:
    """A linear critic, whose slope is one everywhere, pays the same at any batch size."""
    real, fake = draw(number, [4, FEATURES], [4, FEATURES])
    one = pay(penalty, linear(w), real[:1], fake[:1])
    four = pay(penalty, linear(w), real, fake)
    summed = abs(four - 4 * one) <= 1e-3 * abs(four)
    likely = "it looks like a sum over the batch in place of a mean" if summed else ""
    close(four, one, 1e-4, 1e-4, likely, w=w, batch=4)


@law(
    34,
    "penalty",
    "(n1 + n2) P(x1 x2) = n1 P(x1) + n2 P(x2), with real = fake = x",
    "one norm over the whole batch, or the slope of the mean logit",
    draws=(BATCHES, BATCHES, NUMBERS),
    unless=no_place,
)
def penalty_is_a_mean_over_the_batch(penalty: Penalty, n: int, m: int, number: int) -> None:
    """A penalty is a mean over the batch of something of each sample's own slope."""
    matrix, w, x, _ = draw_quadratic(number, n + m)
    critic = quadratic(matrix, w)
    first = pay(penalty, critic, x[:n], x[:n])
    second = pay(penalty, critic, x[n:], x[n:])
    wanted = (n * first + m * second) / (n + m)
    close(pay(penalty, critic, x, x), wanted, 1e-3, 1e-3, x=x, A=matrix, w=w)


@law(
    34,
    "penalty",
    "P(x') = P(x) for any order x' of x, with real = fake = x",
    "a position in the batch is used",
    draws=(NUMBERS,),
    unless=no_place,
)
def sample_order_does_not_matter(penalty: Penalty, number: int) -> None:
    """The order of the batch does not matter."""
    matrix, w, x, _ = draw_quadratic(number, 5)
    order = np.random.default_rng(number).permutation(5)
    critic = quadratic(matrix, w)
    before = pay(penalty, critic, x, x)
    after = pay(penalty, critic, x[order], x[order])
    close(after, before, 1e-4, 1e-3, x=x, order=order)


@law(
    35,
    "penalty",
    "D(x) = w.x: P depends on |w| alone, for x [B, H, W, C] too",
    "a norm over one axis (PyTorch's dim=1), of every pixel by itself: flatten a sample first",
    draws=(NUMBERS,),
)
def norm_is_over_all_coordinates(penalty: Penalty, number: int) -> None:
    """The norm is over all coordinates of a sample: turning the slope changes nothing."""
    real, fake, w = draw(number, [4, 2, 2, 3], [4, 2, 2, 3], [2, 2, 3])
    straight = np.zeros_like(w)
    straight[0, 0, 0] = np.linalg.norm(np.float64(w))
    turned = pay(penalty, linear(w), real, fake)
    close(turned, pay(penalty, linear(straight), real, fake), 1e-4, 1e-4, w=w)


@law(
    35,
    "penalty",
    "P does not change when x gets coordinates that D ignores",
    "a mean over the coordinates in place of a sum",
    draws=(NUMBERS,),
)
def unseen_coordinates_cost_nothing(penalty: Penalty, number: int) -> None:
    """Coordinates that D does not look at cost nothing."""
    real, fake, w = draw(number, [4, FEATURES], [4, FEATURES], [FEATURES])
    padding = [(0, 0), (0, 5)]
    plain = pay(penalty, linear(w), real, fake)
    padded = pay(penalty, linear(np.pad(w, 5)[5:]), np.pad(real, padding), np.pad(fake, padding))
    close(padded, plain, 1e-4, 1e-4, w=w)


@law(
    36,
    "penalty",
    "P(D + c) = P(D)",
    "the logits are penalised in place of their slopes",
    draws=(NUMBERS, st.sampled_from((-3.0, 10.0))),
)
def shifted_logits_pay_the_same(penalty: Penalty, number: int, c: float) -> None:
    """A number added to all logits changes no slope, and so no penalty."""
    matrix, w, real, fake = draw_quadratic(number, 4)
    critic = quadratic(matrix, w)
    plain = pay(penalty, critic, real, fake)
    close(pay(penalty, lambda x: critic(x) + c, real, fake), plain, 1e-4, 1e-4, c=c, real=real)


@law(
    37,
    "penalty",
    "P of logits [B], [B, 1] and of [B, 2] that sum to them is the same",
    "the shape of the logits is taken for granted; differentiate each sample's sum",
    draws=(NUMBERS,),
)
def penalty_of_logits_of_any_shape(penalty: Penalty, number: int) -> None:
    """Logits of any shape: the slope is that of each sample's sum."""
    matrix, w, real, fake = draw_quadratic(number, 4)
    critic = quadratic(matrix, w)
    plain = pay(penalty, critic, real, fake)
    column = pay(penalty, lambda x: critic(x)[:, tf.newaxis], real, fake)
    close(column, plain, 1e-4, 1e-4, logits="[B, 1]", real=real, fake=fake)
    halves = pay(penalty, lambda x: tf.stack([critic(x) / 4, critic(x) * 0.75], 1), real, fake)
    close(halves, plain, 1e-4, 1e-4, logits="[B, 2]", real=real, fake=fake)


@law(
    38,
    "penalty",
    "P at real: no fake sample matters; at fake: no real one",
    "real and fake are swapped",
    draws=(BATCHES, NUMBERS),
    unless=not_at_one,
)
def looks_where_it_says(penalty: Penalty, batch: int, number: int) -> None:
    """A penalty at real samples looks at them alone, and one at fake samples at those."""
    matrix, w, real, fake = draw_quadratic(number, batch)
    critic = quadratic(matrix, w)
    plain = pay(penalty, critic, real, fake)
    nothing = np.full_like(real, np.nan)
    at_real = penalty.at == "real"
    alone = pay(penalty, critic, real if at_real else nothing, nothing if at_real else fake)
    close(alone, plain, 1e-5, 1e-5, real=real, fake=fake, at=penalty.at)


def points_seen(penalty: Penalty, real: Any, fake: Any, seed: Any) -> Any:
    """All points at which D was asked, [n, features]."""
    seen = []

    def critic(x: tf.Tensor) -> tf.Tensor:
        seen.append(np.asarray(x))
        return tf.reduce_sum(tf.square(x), axis=1)

    pay(penalty, critic, real, fake, seed)
    return np.concatenate(seen)


@law(
    21,
    "penalty",
    "x = u real + (1 - u) fake, 0 <= u <= 1, one u for each sample",
    "a u for each coordinate, one u for the batch, or u normal in place of uniform",
    draws=(NUMBERS,),
    unless=not_between,
)
def slopes_are_taken_between_each_real_and_its_fake(penalty: Penalty, number: int) -> None:
    """Slopes are taken at one point on the line between each real sample and its fake one."""
    real, fake = draw(number, [5, FEATURES], [5, FEATURES])
    points = points_seen(penalty, real, fake, rng.seed(number, "penalty"))
    inputs = {"real": real, "fake": fake}
    hold(points.shape == real.shape, f"{list(real.shape)} points", list(points.shape), **inputs)
    u = np.sum((points - fake) * (real - fake), axis=1) / np.sum((real - fake) ** 2, axis=1)
    on_line = u[:, None] * real + (1 - u[:, None]) * fake
    likely = "a u for each coordinate in place of one for each sample"
    close(points, on_line, 1e-5, 1e-5, likely, **inputs)
    inside = ((u > -1e-5) & (u < 1 + 1e-5)).all()
    hold(inside, "u between 0 and 1", u, "u drawn from another distribution", **inputs)
    # That five fall so close has a chance of 5e-12.
    hold(np.ptp(u) > 1e-3, "a u of each sample's own", u, "one u for the whole batch", **inputs)


@law(
    21,
    "penalty",
    "u ~ U(0, 1): mean u = 1/2, mean u^2 = 1/3; the seed decides",
    "u from another distribution, or randomness that ignores the seed",
    unless=not_between,
)
def points_are_uniform_and_the_seed_decides(penalty: Penalty) -> None:
    """The points are uniform between real and fake, and a function of the seed."""
    # Of 4,096 samples the means have standard deviations of 0.0045 and 0.0047.
    ones = np.ones([4096, 1], np.float32)
    zeros = np.zeros([4096, 1], np.float32)
    draws = [points_seen(penalty, ones, zeros, rng.seed(0, "penalty", step)) for step in (0, 1)]
    for u in draws:
        moments = [np.mean(u), np.mean(u**2)]
        hold(np.allclose(moments, [1 / 2, 1 / 3], atol=0.02), [1 / 2, 1 / 3], moments)
    again = points_seen(penalty, ones, zeros, rng.seed(0, "penalty", 0))
    hold((again == draws[0]).all(), "the same points of one seed", "others")
    hold((draws[0] != draws[1]).any(), "other points of another seed", "the same")


def small_network(number: int) -> tuple[tf.Variable, CriticFunction]:
    """D(x) = v.tanh(x W), with W a variable [FEATURES, 4]."""
    start, v = draw(number, [FEATURES, 4], [4])
    w = tf.Variable(start)
    return w, lambda x: tf.linalg.matvec(tf.tanh(x @ w), float32(v))


@law(
    39,
    "penalty",
    "dP/dW = (P(W + h) - P(W - h)) / 2h for D(x) = v.tanh(x W)",
    "the inner gradient is detached (PyTorch: create_graph=False): P has a value, and no effect",
    draws=(st.integers(0, 50),),
)
def gradient_reaches_the_critic(penalty: Penalty, number: int) -> None:
    """The penalty's gradient with respect to D's weights exists, and is its slope."""
    w, critic = small_network(number)
    real, fake, direction = draw(number + 1, [4, FEATURES], [4, FEATURES], [FEATURES, 4])
    with tf.GradientTape() as tape:
        paid = penalty(Critic(critic), float32(real), float32(fake), seed=SEED)
    gradient = tape.gradient(paid, w)
    hold(gradient is not None, "a gradient with respect to D's weights", "None", W=w)
    direction = direction / np.linalg.norm(direction)
    start = w.numpy()
    h = np.float32(1 / 64)
    rises = []
    for sign in (1, -1):
        w.assign(start + sign * h * direction)
        rises.append(pay(penalty, critic, real, fake))
    w.assign(start)
    slope = (rises[0] - rises[1]) / (2 * h)
    close(np.sum(gradient * direction), slope, 2e-2, 2e-3 * (1 + abs(rises[0])), W=start)


@law(
    40,
    "penalty",
    "eager = graph = XLA",
    "Python's or NumPy's numbers where TensorFlow's are needed",
)
def penalty_agrees_in_eager_graph_and_xla(penalty: Penalty) -> None:
    """A penalty and its gradient are the same in eager mode, in a graph and compiled by XLA."""
    w, critic = small_network(0)
    real, fake = draw(1, [4, FEATURES], [4, FEATURES])

    def everything(real: tf.Tensor, fake: tf.Tensor) -> list[tf.Tensor]:
        # Made here, so that they have no values while this is traced, as in a compiled round.
        seed = rng.seed(0, "penalty")
        step = tf.constant(0, tf.int64)
        with tf.GradientTape() as tape:
            paid = penalty(Critic(critic), real, fake, seed=seed, step=step)
        return [paid, tape.gradient(paid, w, unconnected_gradients="zero")]

    same_in_all_ways(lambda: everything, (float32(real), float32(fake)), rtol=1e-3, atol=1e-4)


# ---- 21, 22: exact, for penalties that claim a family ----


@law(
    22,
    "penalty",
    "P = gamma/2 mean |Ax + w|^2 for D(x) = 1/2 x.Ax + w.x",
    "1/2 dropped, a norm that is not squared, or one over the whole batch",
    families=("zero-centred",),
    draws=(BATCHES, NUMBERS),
    unless=not_at_one,
)
def pays_half_gamma_mean_squared_slope(
    penalty: Penalty, family: str, batch: int, number: int
) -> None:
    """A zero-centred penalty is gamma/2 times the mean squared slope (Mescheder et al. 2018)."""
    matrix, w, real, fake = draw_quadratic(number, batch)
    x = real if penalty.at == "real" else fake
    slopes = reference.quadratic_slopes(matrix, w, x)
    wanted = reference.zero_centred_penalty(penalty.strength, slopes)
    got = pay(penalty, quadratic(matrix, w), real, fake)
    doubled = np.isclose(got, 2 * wanted, rtol=1e-4)
    likely = "it looks like the factor 1/2 is missing" if doubled else ""
    close(got, wanted, 1e-5, 1e-4, likely, x=x, A=matrix, w=w)


@law(
    22,
    "penalty",
    "R1(c D) = c^2 R1(D), R1(D = w.x) = gamma/2 |w|^2, dR1/dw = gamma w",
    "a norm that is not squared, or 1/2 dropped",
    families=("zero-centred",),
    draws=(WEIGHTS, BATCHES, NUMBERS, st.sampled_from((-3.0, -1.0, 0.0, 0.5, 2.0))),
)
def zero_centred_is_quadratic_in_the_critic(
    penalty: Penalty, family: str, w: Any, batch: int, number: int, c: float
) -> None:
    """A zero-centred penalty is quadratic in the critic, and its gradient is gamma w."""
    real, fake = draw(number, [batch, FEATURES], [batch, FEATURES])
    gamma = penalty.strength
    plain = gamma / 2 * np.sum(np.float64(w) ** 2)
    close(pay(penalty, linear(w), real, fake), plain, 1e-5, 1e-5, w=w, batch=batch)
    scaled = pay(penalty, linear(np.float32(c) * w), real, fake)
    close(scaled, c**2 * plain, 1e-5, 1e-5, w=w, c=c)
    variable = tf.Variable(w)
    with tf.GradientTape() as tape:
        critic = Critic(lambda x: tf.linalg.matvec(x, variable))
        paid = penalty(critic, float32(real), float32(fake), seed=SEED)
    gradient = tape.gradient(paid, variable)
    hold(gradient is not None, gamma * w, "None", "the inner gradient is detached", w=w)
    close(gradient, gamma * w, 1e-5, 1e-5, w=w)


@law(
    21,
    "penalty",
    "D(x) = w.x: P = lambda (|w| - 1)^2, and dP/dw = 2 lambda (|w| - 1) w / |w|",
    "no square root, a one-sided max(0, |w| - 1), or one norm over the whole batch",
    families=("one-centred",),
    draws=(WEIGHTS.filter(lambda w: np.linalg.norm(w) > 0.1), BATCHES, NUMBERS),
)
def pays_the_slope_minus_1_squared(
    penalty: Penalty, family: str, w: Any, batch: int, number: int
) -> None:
    """A linear critic pays lambda (|w| - 1)^2, which draws its slope to 1 (Gulrajani 2017)."""
    real, fake = draw(number, [batch, FEATURES], [batch, FEATURES])
    norm = np.linalg.norm(np.float64(w))
    scale = penalty.strength
    expected = reference.one_centred_penalty(scale, reference.linear_slopes(w, real))
    paid = pay(penalty, linear(w), real, fake)
    close(paid, expected, 1e-5, 1e-5 * scale, w=w, batch=batch)
    variable = tf.Variable(w)
    with tf.GradientTape() as tape:
        critic = Critic(lambda x: tf.linalg.matvec(x, variable))
        value = penalty(critic, float32(real), float32(fake), seed=SEED)
    gradient = tape.gradient(value, variable)
    wanted = 2 * scale * (norm - 1) * np.float64(w) / norm
    hold(gradient is not None, wanted, "None", "the inner gradient is detached", w=w)
    close(gradient, wanted, 1e-5, 1e-4 * scale, w=w)


@law(
    21,
    "penalty",
    "D = 0: P = lambda, dP/dw = 0",
    "a square root without a guard, or with one so large that it shows",
    families=("one-centred",),
)
def a_flat_critic_pays_the_weight(penalty: Penalty, family: str) -> None:
    """A flat critic pays the weight itself, and has no direction to go."""
    w = tf.Variable(tf.zeros([FEATURES]))
    x = tf.ones([2, FEATURES])
    with tf.GradientTape() as tape:
        paid = penalty(Critic(lambda x: tf.linalg.matvec(x, w)), x, -x, seed=SEED)
    close(paid, penalty.strength, 1e-3, 0.0, w=w)
    close(tape.gradient(paid, w, unconnected_gradients="zero"), np.zeros(FEATURES), 0, 1e-3, w=w)


@law(
    21,
    "penalty",
    "P = lambda mean (|Ax + w| - 1)^2 at the points x where D was asked",
    "slopes of other points than those drawn, or a sum over the batch",
    families=("one-centred",),
    draws=(BATCHES, NUMBERS),
)
def one_centred_pays_at_the_points_it_drew(
    penalty: Penalty, family: str, batch: int, number: int
) -> None:
    """A one-centred penalty is what the slopes at the points it drew say."""
    matrix, w, real, fake = draw_quadratic(number, batch)
    seen = []
    critic = quadratic(matrix, w)

    def recording(x: tf.Tensor) -> tf.Tensor:
        seen.append(np.asarray(x))
        return critic(x)

    paid = pay(penalty, recording, real, fake, rng.seed(number, "penalty"))
    slopes = reference.quadratic_slopes(matrix, w, seen[-1])
    wanted = reference.one_centred_penalty(penalty.strength, slopes)
    close(paid, wanted, 1e-5, 5e-5 * penalty.strength, real=real, fake=fake, A=matrix, w=w)
