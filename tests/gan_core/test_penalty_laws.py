"""The laws of gradient penalties (21 and 22), on critics whose slopes are known: a linear one, D(x) = w.x,
and a quadratic one, D(x) = 1/2 x.Ax + w.x, whose slope A x + w differs from sample to sample.

That they bite: each of these mistakes was made in gan_core/penalties.py, alone.

    mistake                                     broken
    one norm over the whole batch               21 22, images
    a mean over the features; of the logits     21 22, images
    GP: no square root; max(0, |slope| - 1);
      sum in place of mean                      21, images or flat
    GP: one u for the batch; u normal; at real  21: one random point, uniform
    GP: a u for each coordinate                 21: one random point
    GP: no guard of the square root at 0        21: flat
    R1 at fake; R2 at real                      22: real alone and fake alone
    R1: 1/2 dropped; |slope| not squared        22, images
    R1: the inner gradient detached             22: gradient over the critic
"""

import hypothesis
import numpy as np
import pytest
import reference
import strategies
import tensorflow as tf
from hypothesis import strategies as st

from gan_core import penalties, rng
from gan_core.optim import schedules
from gan_core.penalties import Critic

given = hypothesis.given

FEATURES = 3
BATCHES = st.sampled_from((1, 2, 5))
GAMMAS = st.sampled_from((0.5, 1.0, 10.0))
NUMBERS = st.integers(
    0, 2**16
)  # seeds of NumPy's generator: a law about slopes needs no clever samples
WEIGHTS = strategies.batch(FEATURES, 4.0)
SEED = rng.seed(0, "penalty")


def linear(w):
    return lambda x: tf.linalg.matvec(x, tf.constant(w, tf.float32))


def quadratic(matrix, w):
    matrix = tf.constant(matrix, tf.float32)
    return lambda x: 0.5 * tf.reduce_sum(x * (x @ matrix), axis=1) + linear(w)(x)


def draw(number, *shapes):
    """float32 arrays of these shapes."""
    random = np.random.default_rng(number)
    return [np.float32(random.normal(size=shape)) for shape in shapes]


def draw_quadratic(number, batch):
    """A symmetric A, w, and batches real and fake."""
    matrix, w, real, fake = draw(
        number, [FEATURES, FEATURES], [FEATURES], [batch, FEATURES], [batch, FEATURES]
    )
    return np.float32((matrix + matrix.T) / 2), w, real, fake


def value(penalty, critic, real, fake, seed=SEED):
    return np.float64(penalty(Critic(critic), tf.constant(real), tf.constant(fake), seed))


def near(value, expected, scale=1.0):
    """Equal to a few roundings of float32: a penalty is a sum of some ten squares."""
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5 * scale)


# ---- 21: the Wasserstein gradient penalty ----


@given(WEIGHTS, BATCHES, NUMBERS)
def test_law_21_linear_critic_pays_norm_minus_1_squared_at_any_batch_size(w, batch, number):
    """A norm over the whole batch would give (sqrt(B) |w| - 1)^2."""
    real, fake = draw(number, [batch, FEATURES], [batch, FEATURES])
    expected = reference.one_centred_penalty(1.0, reference.linear_slopes(w, real))
    near(expected, (np.linalg.norm(np.float64(w)) - 1) ** 2)
    near(value(penalties.wasserstein_gradient_penalty(1.0), linear(w), real, fake), expected)
    near(value(penalties.wasserstein_gradient_penalty(), linear(w), real, fake), 10 * expected, 10)


@given(BATCHES, NUMBERS)
def test_law_21_slopes_are_taken_at_one_random_point_between_each_real_and_its_fake(batch, number):
    matrix, w, real, fake = draw_quadratic(number, batch)
    seen = []

    def critic(x):
        seen.append(x.numpy())
        return quadratic(matrix, w)(x)

    penalty = value(
        penalties.wasserstein_gradient_penalty(2.0), critic, real, fake, rng.seed(number, "penalty")
    )
    (between,) = seen
    u = np.sum((between - fake) * (real - fake), axis=1) / np.sum((real - fake) ** 2, axis=1)
    assert (u > -1e-5).all()
    assert (u < 1 + 1e-5).all()
    near(between, u[:, None] * real + (1 - u[:, None]) * fake)
    if batch == 5:
        assert (
            np.ptp(u) > 1e-3
        )  # each sample draws its own; that five fall so close has a chance of 5e-12
    near(
        penalty,
        reference.one_centred_penalty(2.0, reference.quadratic_slopes(matrix, w, between)),
        10,
    )


def test_law_21_the_points_are_uniform_between_real_and_fake():
    """D(x) = x^2 / 2 with real at 1 and fake at 0 has the slope u at the point u: mean (u - 1)^2 = 1/3.

    4,096 samples: the mean's standard deviation is sqrt(4/45 / 4096) = 0.0047.
    """
    ones, zeros = np.ones([4096, 1], np.float32), np.zeros([4096, 1], np.float32)
    penalty = penalties.wasserstein_gradient_penalty(1.0)
    critic = quadratic(np.eye(1), np.zeros(1))
    draws = [value(penalty, critic, ones, zeros, rng.seed(0, "penalty", step)) for step in range(3)]
    np.testing.assert_allclose(draws, 1 / 3, atol=4 * 0.0047)
    assert len(set(draws)) == 3  # the seed decides
    assert value(penalty, critic, ones, zeros, rng.seed(0, "penalty", 0)) == draws[0]


def test_law_21_a_flat_critic_pays_the_weight_and_its_gradient_is_finite():
    """The square root's gradient is infinite at slope 0; a flat critic has no direction to go."""
    w = tf.Variable(tf.zeros([FEATURES]))
    x = tf.ones([2, FEATURES])
    with tf.GradientTape() as tape:
        penalty = penalties.wasserstein_gradient_penalty(3.0)(
            Critic(lambda x: tf.linalg.matvec(x, w)), x, -x, SEED
        )
    assert float(penalty) == 3.0
    np.testing.assert_array_equal(tape.gradient(penalty, w), np.zeros(FEATURES))


@given(WEIGHTS.filter(lambda w: np.linalg.norm(w) > 0.1), BATCHES, NUMBERS)
def test_law_21_gradient_over_the_critic_draws_its_slope_to_1(w, batch, number):
    """d/dw (|w| - 1)^2 = 2 (|w| - 1) w / |w|."""
    real, fake = draw(number, [batch, FEATURES], [batch, FEATURES])
    variable = tf.Variable(w)
    with tf.GradientTape() as tape:
        penalty = penalties.wasserstein_gradient_penalty(1.0)(
            Critic(lambda x: tf.linalg.matvec(x, variable)),
            tf.constant(real),
            tf.constant(fake),
            SEED,
        )
    norm = np.linalg.norm(np.float64(w))
    near(tape.gradient(penalty, variable), 2 * (norm - 1) * np.float64(w) / norm, 10)


# ---- 22: R1 and R2 ----


@given(WEIGHTS, BATCHES, GAMMAS, NUMBERS)
def test_law_22_linear_critic_pays_half_gamma_norm_squared(w, batch, gamma, number):
    real, fake = draw(number, [batch, FEATURES], [batch, FEATURES])
    expected = gamma / 2 * np.sum(np.float64(w) ** 2)
    for penalty in (penalties.r1(gamma), penalties.r2(gamma)):
        near(value(penalty, linear(w), real, fake), expected)


@given(BATCHES, GAMMAS, NUMBERS)
def test_law_22_r1_looks_at_real_alone_and_r2_at_fake_alone(batch, gamma, number):
    matrix, w, real, fake = draw_quadratic(number, batch)
    critic, nothing = quadratic(matrix, w), np.full_like(real, np.nan)
    near(
        value(penalties.r1(gamma), critic, real, nothing),
        reference.zero_centred_penalty(gamma, reference.quadratic_slopes(matrix, w, real)),
        10,
    )
    near(
        value(penalties.r2(gamma), critic, nothing, fake),
        reference.zero_centred_penalty(gamma, reference.quadratic_slopes(matrix, w, fake)),
        10,
    )


@given(BATCHES, NUMBERS, st.sampled_from((-3.0, -1.0, 0.0, 0.5, 2.0)))
def test_law_22_r1_is_quadratic_in_the_critic_blind_to_a_shift_and_never_negative(batch, number, c):
    matrix, w, real, fake = draw_quadratic(number, batch)
    critic, penalty = quadratic(matrix, w), penalties.r1(1.0)
    plain = value(penalty, critic, real, fake)
    assert plain >= 0
    near(value(penalty, lambda x: c * critic(x), real, fake), c**2 * plain, 10)
    near(value(penalty, lambda x: critic(x) + c, real, fake), plain, 10)


@given(BATCHES, NUMBERS)
def test_law_22_gradient_over_the_critic_is_gamma_w(batch, number):
    w, real, fake = draw(number, [FEATURES], [batch, FEATURES], [batch, FEATURES])
    variable = tf.Variable(w)
    for penalty in (penalties.r1(2.0), penalties.r2(2.0)):
        with tf.GradientTape() as tape:
            paid = penalty(
                Critic(lambda x: tf.linalg.matvec(x, variable)),
                tf.constant(real),
                tf.constant(fake),
                SEED,
            )
        near(tape.gradient(paid, variable), 2.0 * w)


# ---- all three ----

ALL = {
    "r1": penalties.r1(2.0),
    "r2": penalties.r2(2.0),
    "wasserstein": penalties.wasserstein_gradient_penalty(2.0),
}


@pytest.mark.parametrize("name", ALL)
def test_a_penalty_is_a_mean_over_images_and_the_same_compiled(name):
    """Images [B, H, W, C]: the norm is over H W C; a critic may give logits [B] or [B, 1]."""
    real, fake, w = draw(3, [4, 2, 2, 3], [4, 2, 2, 3], [2, 2, 3])

    def critic(x):
        return tf.reduce_sum(x * w, axis=[1, 2, 3])

    norm = np.linalg.norm(np.float64(w))
    expected = 2 * (norm - 1) ** 2 if name == "wasserstein" else norm**2
    run = ALL[name]
    graph = tf.function(lambda *batches: run(Critic(critic), *batches, SEED))
    compiled = tf.function(lambda *batches: run(Critic(critic), *batches, SEED), jit_compile=True)
    for paid in (
        run(Critic(critic), tf.constant(real), tf.constant(fake), SEED),
        run(Critic(lambda x: critic(x)[:, None]), tf.constant(real), tf.constant(fake), SEED),
        graph(real, fake),
        compiled(real, fake),
    ):
        assert paid.dtype == tf.float32
        assert paid.shape == []
        near(paid, expected, 10)


@pytest.mark.parametrize("name", ALL)
def test_a_critic_that_ignores_its_input_is_flat(name):
    x = tf.ones([2, FEATURES])
    assert float(ALL[name](Critic(lambda x: tf.ones([2])), x, x, SEED)) == (
        2.0 if name == "wasserstein" else 0.0
    )


@pytest.mark.parametrize("name", ALL)
def test_a_plain_function_pays_what_a_critic_of_it_pays(name):
    matrix, w, real, fake = draw_quadratic(0, 5)
    paid = ALL[name](quadratic(matrix, w), tf.constant(real), tf.constant(fake), SEED)
    assert float(paid) == value(ALL[name], quadratic(matrix, w), real, fake) > 0


@pytest.mark.parametrize(
    "make", [penalties.r1, penalties.r2, penalties.wasserstein_gradient_penalty]
)
def test_a_strength_may_be_a_schedule_of_the_step(make):
    real, fake, w = draw(4, [2, FEATURES], [2, FEATURES], [FEATURES])
    scheduled, full = make(schedules.linear_decay(8.0, 4)), value(make(8.0), linear(w), real, fake)
    for step in (0, 1, 4):
        paid = scheduled(
            Critic(linear(w)),
            tf.constant(real),
            tf.constant(fake),
            SEED,
            tf.constant(step, tf.int64),
        )
        near(paid, full * (1 - step / 4), full)
    near(
        scheduled(Critic(linear(w)), tf.constant(real), tf.constant(fake), SEED), full, full
    )  # step 0


def test_a_critic_knows_the_slopes_where_it_was_asked_and_elsewhere_asks():
    sent, w = [], np.float32([1, 2, 3])

    def plain(x):
        sent.append(x)
        return linear(w)(x)

    critic, x = Critic(plain), tf.ones([2, FEATURES])
    np.testing.assert_array_equal(critic(x), [6, 6])
    for _ in range(2):
        np.testing.assert_array_equal(critic.squared_slopes(x), [14, 14])
    assert len(sent) == 1
    np.testing.assert_array_equal(
        critic.squared_slopes(2 * x), [14, 14]
    )  # another tensor is another batch
    assert len(sent) == 2
    critic = Critic(lambda x: tf.fill([2], float(x[0, 0])))  # of which no tape keeps x
    for i in range(20):  # a tensor that happens to lie where an earlier one lay
        np.testing.assert_array_equal(critic(i * x), [i, i])


def test_a_penalty_of_ones_own_may_wrap_the_critic_or_open_a_tape():
    """An answer from before would have no gradient on a later tape: a penalty of 0, without a word."""
    x, critic = tf.ones([2, FEATURES]), Critic(linear(np.float32([1, 2, 3])))
    critic(x)
    assert float(penalties.r1(2.0)(lambda x: 3 * critic(x), x, x)) == 9 * 14
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = critic(x)
    np.testing.assert_array_equal(tape.gradient(logits, x), [[1, 2, 3], [1, 2, 3]])


def test_squared_slopes_of_each_sample():
    matrix, w, x, _ = draw_quadratic(0, 5)
    slopes = Critic(quadratic(matrix, w)).squared_slopes(tf.constant(x))
    near(slopes, np.sum(reference.quadratic_slopes(matrix, w, x) ** 2, axis=1), 10)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: penalties.r1(-1.0),
            "penalties.r1: gamma must be a finite number of at least 0, got -1.0.",
        ),
        (
            lambda: penalties.r1(float("nan")),
            "penalties.r1: gamma must be a finite number of at least 0, got nan.",
        ),
        (
            lambda: penalties.r2("1"),
            "penalties.r2: gamma must be a finite number of at least 0, got '1'.",
        ),
        (
            lambda: penalties.wasserstein_gradient_penalty(float("inf")),
            "penalties.wasserstein_gradient_penalty: weight must be a finite number of at least 0, got inf.",
        ),
        (
            lambda: ALL["wasserstein"](
                Critic(linear(np.ones(2))), tf.ones([3, 2]), tf.ones([4, 2]), SEED
            ),
            "wasserstein_gradient_penalty: fake must be [3, 2], got [4, 2].",
        ),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the whole message is compared
        make()
    assert str(error.value) == message
