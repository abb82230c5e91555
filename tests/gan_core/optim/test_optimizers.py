"""Law 25: Adam is the paper's formula, SGD is a subtraction, and a learning rate is a function of
the step.

The oracle is `reference.adam`, float64. float32 errs most where 1 - beta_2^t is small: beta_2 =
0.999 has an error of 6e-8 / 1e-3 there, so a step is right to about 1e-4 of its size, and no
better.
"""

import hypothesis.extra.numpy as npst
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from gan_core.optim import schedules
from gan_core.optim.optimizers import SGD, Adam, adam_update
from gan_core.testing import reference

SIZE = 4
GRADIENTS = npst.arrays(
    np.float32, [SIZE], elements=st.floats(-100, 100, width=32, allow_subnormal=False)
)
SOME = np.array([3.0, -0.02, 1e-4, -50.0], np.float32)


def stream(steps, seed=0):
    """[steps, SIZE] gradients, the coordinates of very different sizes."""
    return (
        np.random.default_rng(seed).normal(0.3, 1.0, [steps, SIZE]) * [1e-3, 1.0, 30.0, 1e3]
    ).astype(np.float32)


def by_reference(gradients, rate, **options):
    """The parameter after each step of the oracle, from 0; rate:
    a function of the number of steps made before.
    """
    parameter = np.zeros(SIZE)
    m = np.zeros(SIZE)
    v = np.zeros(SIZE)
    path = []
    for t, gradient in enumerate(np.float64(gradients), 1):
        parameter, m, v = reference.adam(parameter, gradient, m, v, t, rate(t - 1), **options)
        path.append(parameter)
    return np.array(path)


def by_optimizer(optimizer, gradients, jit_compile=None):
    (variable,) = optimizer.bound
    apply = optimizer.apply
    if jit_compile is not None:
        apply = tf.function(
            lambda gradients: optimizer.apply(gradients), jit_compile=jit_compile, autograph=False
        )
    path = []
    for gradient in gradients:
        apply([tf.constant(gradient)])
        path.append(variable.numpy().copy())
    return np.array(path)


# ---- Adam ----


@given(
    GRADIENTS,
    GRADIENTS,
    st.integers(1, 1000),
    st.sampled_from([(0.9, 0.999, 1e-8), (0.5, 0.9, 0.1), (0.0, 0.0, 1.0)]),
)
def test_adam_update_is_the_papers_formula(parameter, gradient, t, settings):
    """In float64, where nothing but the formula can differ."""
    beta_1, beta_2, epsilon = settings
    m = np.float64(parameter) / 3
    v = np.float64(gradient) ** 2 / 7
    one = adam_update(
        np.float64(parameter), m, v, np.float64(gradient), t, 0.01, beta_1, beta_2, epsilon
    )
    other = reference.adam(parameter, gradient, m, v, t, 0.01, beta_1, beta_2, epsilon)
    for value, expected in zip(one, other, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("beta_1", "beta_2", "epsilon"),
    [(0.9, 0.999, 1e-8), (0.5, 0.999, 1e-7), (0.0, 0.99, 1e-8), (0.9, 0.99, 0.1), (0.5, 0.9, 10.0)],
)
def test_the_fused_kernel_is_the_formula_over_many_steps(beta_1, beta_2, epsilon):
    """A large epsilon tells epsilon from 'epsilon hat': without the hat it is sqrt(1 - beta_2^t)
    times too large.
    """
    optimizer = Adam(0.01, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon).bind(
        [tf.Variable(tf.zeros(SIZE))]
    )
    gradients = stream(100)
    expected = by_reference(
        gradients, lambda step: 0.01, beta_1=beta_1, beta_2=beta_2, epsilon=epsilon
    )
    np.testing.assert_allclose(by_optimizer(optimizer, gradients), expected, rtol=1e-4, atol=1e-6)
    assert int(optimizer.updates) == 100


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.linear_decay(0.1, 30, start=5, final=0.01),
        schedules.cosine_decay(0.1, 30),
        lambda step: 0.1 / tf.cast(step + 1, tf.float32),
    ],
)
@pytest.mark.parametrize("jit_compile", [None, False])
def test_the_fused_kernel_follows_a_schedule(schedule, jit_compile):
    optimizer = Adam(schedule, beta_1=0.5, beta_2=0.99).bind([tf.Variable(tf.zeros(SIZE))])
    expected = by_reference(stream(40), lambda step: float(schedule(step)), beta_1=0.5, beta_2=0.99)
    np.testing.assert_allclose(
        by_optimizer(optimizer, stream(40), jit_compile), expected, rtol=1e-4, atol=1e-6
    )


def test_adam_is_the_same_eager_in_a_graph_and_under_xla():
    paths = [
        by_optimizer(Adam(0.01).bind([tf.Variable(tf.zeros(SIZE))]), stream(20), jit)
        for jit in (None, False, True)
    ]
    for path in paths[1:]:
        np.testing.assert_allclose(path, paths[0], rtol=1e-5, atol=1e-7)


@given(GRADIENTS, st.integers(-8, 8))
def test_rescaled_gradients_make_the_same_steps(gradient, exponent):
    """As epsilon -> 0. A power of two rescales m and v without rounding:
    the steps agree to the last bit.
    """
    gradient = np.where(
        np.abs(gradient) < 1e-3, np.float32(1.0), gradient
    )  # squares stay far from float32's smallest
    gradients = stream(5, seed=1) + gradient
    one, other = (
        by_optimizer(
            Adam(0.1, epsilon=1e-30).bind([tf.Variable(tf.zeros(SIZE))]), scale * gradients
        )
        for scale in (np.float32(1.0), np.float32(2.0**exponent))
    )
    np.testing.assert_array_equal(one, other)


@given(GRADIENTS, st.sampled_from([1e-4, 0.5]), st.sampled_from([(0.9, 0.999), (0.5, 0.9)]))
def test_the_first_step_has_the_size_of_the_learning_rate(gradient, rate, betas):
    """m^ = g and v^ = g^2 at t = 1. Without bias correction it is
    (1 - beta_1) / sqrt(1 - beta_2) times that.
    """
    gradient = np.where(np.abs(gradient) < 1e-3, np.float32(-1.0), gradient)
    beta_1, beta_2 = betas
    optimizer = Adam(rate, beta_1=beta_1, beta_2=beta_2, epsilon=1e-12).bind(
        [tf.Variable(tf.zeros(SIZE))]
    )
    (step,) = by_optimizer(optimizer, [gradient])
    np.testing.assert_allclose(step, -rate * np.sign(gradient), rtol=1e-4)


def test_a_gradient_of_zero_moves_nothing():
    for optimizer in (Adam(0.1).bind([tf.Variable(SOME)]), SGD(0.1).bind([tf.Variable(SOME)])):
        np.testing.assert_array_equal(
            by_optimizer(optimizer, np.zeros([3, SIZE], np.float32)), [SOME] * 3
        )


def test_a_decay_that_float32_rounds_to_1_is_refused():
    """Adam would divide 0 by 0. The largest float32 number below 1 is 1 - 2^-24."""
    for name in ("beta_1", "beta_2"):
        with pytest.raises(ValueError, match=f"Adam: {name} must be a finite number of at least 0"):
            Adam(0.1, **{name: 1.0 - 1e-8})
        optimizer = Adam(0.1, **{name: 1.0 - 2.0**-24}).bind([tf.Variable(SOME)])
        assert np.isfinite(by_optimizer(optimizer, [SOME + 1.0])).all()


# ---- SGD, and what both share ----


@given(GRADIENTS, st.floats(0, 10, width=32, allow_subnormal=False))
def test_sgd_subtracts_rate_times_gradient(gradient, rate):
    (after,) = by_optimizer(SGD(rate).bind([tf.Variable(SOME)]), [gradient])
    np.testing.assert_allclose(
        after, np.float64(SOME) - np.float64(rate) * gradient, rtol=1e-6, atol=1e-4
    )


def test_a_schedule_is_asked_for_the_number_of_steps_made_before():
    optimizer = SGD(schedules.linear_decay(1.0, 4)).bind([tf.Variable(tf.zeros(1))])
    rates = []
    for _ in range(6):
        rates.append(float(optimizer.learning_rate(optimizer.updates)))
        optimizer.apply([tf.constant([1.0])])
    assert rates == [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    assert float(optimizer.bound[0][0]) == -2.5


@pytest.mark.parametrize("make", [Adam, SGD])
def test_gradients_go_to_their_variables_in_order(make):
    """Even from a tape that gives sparse ones, or as NumPy arrays."""
    a = tf.Variable(tf.ones([3, 2]))
    b = tf.Variable(tf.ones([5]))
    dense = [tf.Variable(a), tf.Variable(b)]
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(a, [0, 2]) ** 2) + 3.0 * tf.reduce_sum(b)
    gradients = tape.gradient(loss, [a, b])
    assert isinstance(gradients[0], tf.IndexedSlices)
    make(0.1).bind([a, b]).apply(gradients)
    make(0.1).bind(dense).apply([np.array([[2.0, 2.0], [0.0, 0.0], [2.0, 2.0]]), np.full(5, 3.0)])
    np.testing.assert_array_equal(a, dense[0])
    np.testing.assert_array_equal(b, dense[1])
    assert np.all(a.numpy()[1] == 1.0)
    assert np.all(a.numpy()[0] < 1.0)


# ---- bad input ----

VARIABLE = tf.Variable([1.0, 2.0], name="w")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ([], "a list of at least one tf.Variable"),
        (VARIABLE, "a list of at least one tf.Variable"),
        (None, "a list of at least one tf.Variable"),
        ([VARIABLE, tf.constant(1.0)], r"variables\[1\] must be a tf.Variable of float32"),
        ([tf.Variable(1)], r"variables\[0\] must be a tf.Variable of float32"),
        (
            [VARIABLE, VARIABLE],
            r"variables\[1\] must be one that is not in the list already, got w:0",
        ),
    ],
)
@pytest.mark.parametrize("make", [Adam, SGD])
def test_variables_that_cannot_be_moved_are_refused(make, variables, words):
    with pytest.raises(ValueError, match=f"^{make.__name__}.bind: .*{words}"):
        make(0.1).bind(variables)


@pytest.mark.parametrize("make", [Adam, SGD])
def test_an_optimizer_is_bound_once_and_before_it_is_used(make):
    optimizer = make(0.1)
    with pytest.raises(ValueError, match=f"^{make.__name__}.apply: the optimizer must be bound"):
        optimizer.apply([tf.zeros(2)])
    assert optimizer.bind([VARIABLE]) is optimizer
    with pytest.raises(ValueError, match=f"^{make.__name__}.bind: .* not bound yet"):
        optimizer.bind([VARIABLE])


def test_a_learning_rate_is_a_function_of_the_round_that_is_given():
    """Not of the number of updates: with several D steps a round D's rate would fall too early."""
    variable = tf.Variable(0.0)
    optimizer = SGD(schedules.linear_decay(1.0, 10)).bind([variable])
    for _ in range(3):
        optimizer.apply([tf.constant(1.0)], step=5)
    assert float(variable) == pytest.approx(-1.5)
    assert int(optimizer.updates) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"learning_rate": -0.1}, "learning_rate must be a finite number of at least 0, got -0.1"),
        (
            {"learning_rate": float("nan")},
            "learning_rate must be a finite number of at least 0, got nan",
        ),
        (
            {"learning_rate": "fast"},
            "learning_rate must be a finite number of at least 0, got 'fast'",
        ),
        ({"beta_1": 1.0}, "beta_1 must be a finite number of at least 0 and below 1, got 1.0"),
        ({"beta_2": -0.5}, "beta_2 must be a finite number of at least 0 and below 1, got -0.5"),
        ({"epsilon": 0.0}, "epsilon must be a finite number above 0, got 0.0"),
    ],
)
def test_settings_out_of_range_are_refused(options, words):
    with pytest.raises(ValueError, match=f"^Adam: {words}"):
        Adam(**options).bind([VARIABLE])


@pytest.mark.parametrize(
    ("gradients", "words"),
    [
        (
            [None],
            r"the gradient of w:0 \[2\] must be a tensor, got None. The loss does not depend on this variable",
        ),
        ([], "gradients must be 1, one for each variable, got 0"),
        ([tf.zeros(2), tf.zeros(2)], "gradients must be 1, one for each variable, got 2"),
        ([tf.zeros(3)], r"the gradient of w:0 must be \[2\], got \[3\]"),
        (
            [tf.zeros(2, tf.bfloat16)],
            r"the gradient of w:0 must be \[2\] of float32, got \[2\] of bfloat16",
        ),
    ],
)
@pytest.mark.parametrize("make", [Adam, SGD])
def test_gradients_that_do_not_fit_are_refused_by_name_and_nothing_moves(make, gradients, words):
    optimizer = make(0.1).bind([VARIABLE])
    before = [v.numpy().tolist() for v in optimizer.variables]
    with pytest.raises(ValueError, match=rf"^{make.__name__}\.apply: {words}"):
        optimizer.apply(gradients)
    assert [v.numpy().tolist() for v in optimizer.variables] == before
