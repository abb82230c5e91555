"""The laws of gradient penalties, put to ours (gan_core.testing.penalty_laws),
and what else they are.

That they bite: tests/gan_core/testing/test_wrong_subjects.py puts them to wrong penalties. Besides,
each of these mistakes was made in gan_core/penalties.py, alone.

    mistake                                     broken
    one norm over the whole batch               21 22, images
    a mean over the features; of the logits     21 22 35 36, images
    GP: no square root; max(0, |slope| - 1);
      sum in place of mean                      21, images
    GP: one u for the batch; u normal; at real  21: between, uniform
    GP: a u for each coordinate                 21: between
    GP: no guard of the square root at 0        33
    R1 at fake; R2 at real                      38
    R1: 1/2 dropped; |slope| not squared        22, images
    R1: the inner gradient detached             22 39
    lazy: not multiplied by k; always computed  21 22, lazy
"""

import numpy as np
import pytest
import tensorflow as tf

from gan_core import penalties, rng, testing
from gan_core.optim import schedules
from gan_core.penalties import Critic
from gan_core.testing import reference
from gan_core.testing.penalty_laws import draw_quadratic, linear, quadratic

pytestmark = pytest.mark.slow

FEATURES = 3
SEED = rng.seed(0, "penalty")


def draw(number, *shapes):
    """float32 arrays of these shapes."""
    random = np.random.default_rng(number)
    return [np.float32(random.normal(size=shape)) for shape in shapes]


def value(penalty, critic, real, fake, seed=SEED):
    return np.float64(penalty(Critic(critic), tf.constant(real), tf.constant(fake), seed))


def near(value, expected, scale=1.0):
    """Equal to a few roundings of float32: a penalty is a sum of some ten squares."""
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5 * scale)


# ---- the laws ----


def zero_centred(make, gamma, at):
    name = f"{make.__name__}({gamma})"
    return testing.Penalty(make(gamma), at, ("zero-centred",), gamma, name)


def one_centred(weight):
    penalty = penalties.wasserstein_gradient_penalty(weight)
    return testing.Penalty(penalty, "between", ("one-centred",), weight, f"gradient ({weight})")


def averaged(make, at, claims, strength, every=3):
    """The mean over k rounds of a penalty that is computed in every k-th one."""
    lazy = make(strength, every=every)

    def mean(critic, real, fake, seed, step=0):
        rounds = [lazy(critic, real, fake, seed, 30 + k) for k in range(every)]
        return tf.add_n(rounds) / every

    return testing.Penalty(mean, at, claims, strength, f"{make.__name__}, every {every}")


@testing.parametrize_with_laws(
    [
        averaged(penalties.r1, "real", ("zero-centred",), 2.0),
        averaged(penalties.r2, "fake", ("zero-centred",), 2.0),
        averaged(penalties.wasserstein_gradient_penalty, "between", ("one-centred",), 3.0),
        zero_centred(penalties.r1, 10.0, "real"),
        zero_centred(penalties.r2, 1.0, "fake"),
        one_centred(10.0),
    ]
)
def test_penalty(subject, law):
    law(subject)


@pytest.mark.usefixtures("few_examples")
@testing.parametrize_with_laws([zero_centred(penalties.r1, 0.5, "real"), one_centred(1.0)])
def test_penalty_of_another_strength(subject, law):
    law(subject)


def test_the_wasserstein_penalty_has_weight_10_by_default():
    w, real, fake = draw(1, [FEATURES], [2, FEATURES], [2, FEATURES])
    default = value(penalties.wasserstein_gradient_penalty(), linear(w), real, fake)
    near(default, 10 * (np.linalg.norm(np.float64(w)) - 1) ** 2, 10)


def test_a_flat_critic_pays_the_weight_exactly_and_its_gradient_is_0():
    """The square root's gradient is infinite at slope 0; a flat critic has no direction to go."""
    w = tf.Variable(tf.zeros([FEATURES]))
    x = tf.ones([2, FEATURES])
    with tf.GradientTape() as tape:
        penalty = penalties.wasserstein_gradient_penalty(3.0)(
            Critic(lambda x: tf.linalg.matvec(x, w)), x, -x, SEED
        )
    assert float(penalty) == 3.0
    np.testing.assert_array_equal(tape.gradient(penalty, w), np.zeros(FEATURES))


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
    graph = tf.function(lambda *batches: run(Critic(critic), *batches, SEED), autograph=False)
    compiled = tf.function(
        lambda *batches: run(Critic(critic), *batches, SEED), jit_compile=True, autograph=False
    )
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
    scheduled = make(schedules.linear_decay(8.0, 4))
    full = value(make(8.0), linear(w), real, fake)
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


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
@pytest.mark.parametrize("make", [penalties.r1, penalties.r2])
def test_a_lazy_penalty_and_its_gradient_are_k_times_as_large_in_every_kth_round(make, mode):
    """And 0 in the others, also where D was asked there before, as by the loss."""
    start, real, fake = draw(5, [FEATURES, 4], [5, FEATURES], [5, FEATURES])
    w = tf.Variable(start)

    def paid(penalty, step):
        with tf.GradientTape() as tape:
            critic = Critic(lambda x: tf.reduce_sum(tf.tanh(x @ w), axis=1))
            critic(tf.constant(real))
            value = penalty(critic, tf.constant(real), tf.constant(fake), SEED, step)
        return value, tape.gradient(value, w, unconnected_gradients="zero")

    lazy = make(schedules.linear_decay(8.0, 16), every=4)
    plain = make(8.0)
    run = lambda step: paid(lazy, step)  # noqa: E731
    if mode != "eager":
        run = tf.function(run, jit_compile=mode == "xla", autograph=False)
    value, gradient = paid(plain, 0)
    for step in (0, 1, 2, 3, 4, 7, 8):
        share = 4.0 * (1.0 - step / 16.0) if step % 4 == 0 else 0.0
        found, its_gradient = run(tf.constant(step, tf.int64))
        np.testing.assert_allclose(found, share * value, rtol=1e-5)
        np.testing.assert_allclose(its_gradient, share * gradient, rtol=1e-4, atol=1e-5)


def test_in_the_other_rounds_d_is_not_asked():
    """Neither by the penalty nor for its slopes: the time of a graph's round says so too."""
    asked = []

    def plain(x):
        tf.py_function(lambda: asked.append(1), [], [])
        return tf.reduce_sum(tf.square(x), axis=1)

    penalty = penalties.r1(1.0, every=4)
    x = tf.ones([2, FEATURES])
    graph = tf.function(lambda step: penalty(Critic(plain), x, x, SEED, step), autograph=False)
    for run in (graph, lambda step: penalty(Critic(plain), x, x, SEED, step)):
        asked.clear()
        for step in range(8):
            run(tf.constant(step, tf.int64))
        assert len(asked) == 2


def test_a_penalty_of_ones_own_is_made_lazy():
    """And gets the seed and the round, as others do."""
    asked = []

    def own(critic, real, fake, seed, step):
        asked.append((seed, int(step)))
        return tf.reduce_mean(real) * float(step + 1)

    x = tf.ones([2, FEATURES])
    lazy = penalties.Lazy(own, every=3)
    assert [float(lazy(None, x, x, SEED, step)) for step in range(4)] == [3.0, 0.0, 0.0, 12.0]
    assert asked == [(SEED, 0), (SEED, 3)]
    assert [penalties.period(one) for one in (lazy, own, penalties.r2(1.0, 5))] == [3, 1, 5]


@pytest.mark.parametrize("value", [tf.constant(0.5, tf.float64), 2])
def test_a_lazy_penalty_in_another_dtype_is_float32_in_a_graph_too(value):
    lazy = penalties.Lazy(lambda critic, real, fake, seed, step: value, every=3)

    @tf.function
    def paid(step):
        return lazy(None, None, None, SEED, step)

    for step, times in ((0, 3.0), (1, 0.0)):
        found = paid(tf.constant(step))
        assert found.dtype == tf.float32
        assert float(found) == times * float(value)


def test_a_critic_knows_the_slopes_where_it_was_asked_and_elsewhere_asks():
    sent = []
    w = np.float32([1, 2, 3])

    def plain(x):
        sent.append(x)
        return linear(w)(x)

    critic = Critic(plain)
    x = tf.ones([2, FEATURES])
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
    """An answer from before would have no gradient on a later tape:
    a penalty of 0, without a word.
    """
    x = tf.ones([2, FEATURES])
    critic = Critic(linear(np.float32([1, 2, 3])))
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
            lambda: penalties.r1(1.0, every=0),
            "penalties.r1: every must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: penalties.Lazy(10.0, every=4),
            "Lazy: penalty must be a penalty of gan_core.penalties, got 10.0.",
        ),
        (
            lambda: penalties.Lazy(penalties.r1(1.0), every=0),
            "Lazy: every must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: penalties.Lazy(penalties.r1(1.0, every=4), every=2),
            "Lazy: penalty must be one that is not lazy yet, "
            "got one that is computed in every 4-th round already.",
        ),
        (
            lambda: penalties.r2(1.0, every=1.5),
            "penalties.r2: every must be a whole number of at least 1, got 1.5.",
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
