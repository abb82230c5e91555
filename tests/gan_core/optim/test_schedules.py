"""schedules: the values of each on its way, and the errors."""

import math

import numpy as np
import pytest
import tensorflow as tf

from gan_core.optim import schedules

STEPS = [0, 1, 10, 15, 20, 29, 30, 31, 10**6]


def linear(step, value=2.0, steps=30, start=10, final=0.5):
    """By hand: flat, then a line, then flat."""
    share = min(max((step - start) / (steps - start), 0.0), 1.0)
    return value + (final - value) * share


def cosine(step, value=2.0, steps=30, start=10, final=0.5):
    share = min(max((step - start) / (steps - start), 0.0), 1.0)
    return final + (value - final) * (1 + math.cos(math.pi * share)) / 2


def geometric(step, value=2.0, steps=30, start=10, final=0.5):
    share = min(max((step - start) / (steps - start), 0.0), 1.0)
    return value * (final / value) ** share


CASES = [
    (schedules.constant(0.3), lambda step: 0.3),
    (schedules.linear_decay(2.0, 30, start=10, final=0.5), linear),
    (schedules.cosine_decay(2.0, 30, start=10, final=0.5), cosine),
    (schedules.geometric_decay(2.0, 30, start=10, final=0.5), geometric),
    (
        schedules.geometric_decay(2.0, 30, final=0.01),
        lambda step: geometric(step, start=0, final=0.01),
    ),
    (schedules.linear_decay(2.0, 30), lambda step: linear(step, start=0, final=0.0)),
    (schedules.cosine_decay(2.0, 30), lambda step: cosine(step, start=0, final=0.0)),
]


@pytest.mark.parametrize(("schedule", "by_hand"), CASES)
def test_values_by_hand_for_every_kind_of_step(schedule, by_hand):
    compiled = tf.function(
        schedule, jit_compile=True, input_signature=[tf.TensorSpec([], tf.int64)], autograph=False
    )
    for step in STEPS:
        for rate in (
            schedule(step),
            schedule(tf.constant(step, tf.int32)),
            schedule(tf.Variable(step, dtype=tf.int64)),
            compiled(tf.constant(step, tf.int64)),
        ):
            assert rate.dtype == tf.float32
            assert rate.shape == []
            assert float(rate) == pytest.approx(by_hand(step), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize(
    ("decay", "halfway"),
    [
        (schedules.linear_decay, 0.625),
        (schedules.cosine_decay, 0.625),
        (schedules.geometric_decay, 0.5),
    ],
)
def test_a_decay_starts_ends_and_falls(decay, halfway):
    schedule = decay(1.0, 100, start=20, final=0.25)
    rates = np.array([float(schedule(step)) for step in range(0, 121, 5)])
    np.testing.assert_array_equal(rates[:5], np.ones(5, np.float32))  # steps 0 ... 20
    assert (np.diff(rates[4:21]) < 0).all()  # steps 20 ... 100
    np.testing.assert_allclose(rates[20:], 0.25, rtol=1e-6)
    assert float(schedule(60)) == pytest.approx(halfway, rel=1e-6)


@pytest.mark.parametrize("value", [1.0, 0.0])
@pytest.mark.parametrize("decay", [schedules.linear_decay, schedules.cosine_decay])
def test_a_decay_ends_exactly_at_its_last_value(decay, value):
    """Of 1 + (1e-8 - 1) float32 leaves 0."""
    schedule = decay(value, 100, final=np.float64(1e-8))
    for step in (100, 101, 10**6):
        assert float(schedule(step)) == np.float32(1e-8)


def test_steps_beyond_what_float32_counts():
    """2^24 + 1 is no float32; a schedule that starts there must see each step after it."""
    start = 2**24 + 1
    schedule = schedules.linear_decay(4.0, start + 4, start=start)
    assert [float(schedule(start + i)) for i in range(5)] == [4.0, 3.0, 2.0, 1.0, 0.0]


def test_as_schedule_takes_a_number_or_a_function():
    schedule = schedules.linear_decay(1.0, 10)
    assert float(schedules.as_schedule("Adam", schedule)(3)) == float(schedule(3))
    assert float(schedules.as_schedule("Adam", 0.25)(7)) == 0.25
    assert float(schedules.as_schedule("Adam", 0)(7)) == 0.0


@pytest.mark.parametrize(
    "function", [lambda step: 2.0, lambda step: step / 4, lambda step: tf.constant(2, tf.int32)]
)
def test_a_schedule_may_give_any_real_number_and_becomes_float32(function):
    """step / 4 of an int64 step is a float64 number."""
    value = schedules.as_schedule("r1", function, "gamma")(tf.constant(8, tf.int64))
    assert value.dtype == tf.float32
    assert float(value) == 2.0


def test_a_schedule_in_a_graph_may_have_a_shape_that_only_the_run_shows():
    def given(step):
        return tf.numpy_function(lambda k: np.float32(k / 4), [step], tf.float32)

    schedule = tf.function(schedules.as_schedule("Adam", given), autograph=False)
    assert float(schedule(tf.constant(8, tf.int64))) == 2.0


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("function", [lambda step: 1.0 + step, lambda step: 0.5**step])
def test_a_schedule_that_mixes_the_step_with_fractions_is_told_to_convert_it(function, compiled):
    schedule = schedules.as_schedule("r1", function, "gamma")
    if compiled:
        schedule = tf.function(schedule, autograph=False)
    with pytest.raises(ValueError, match=r"^r1: gamma must be .* fractions .* tf\.cast\(step"):
        schedule(tf.constant(8, tf.int64))


@pytest.mark.parametrize(
    ("gives", "came"),
    [
        (None, r"None\. Does the function end with a return statement"),
        ([0.1], r"\[1\]\. Return a number, or a tensor without axes"),
        ("fast", r"'fast'\. Return a number"),
    ],
)
def test_a_schedule_that_gives_no_number_is_told(gives, came):
    schedule = schedules.as_schedule("Adam", lambda step: gives)
    words = f"^Adam: what learning_rate gives must be one number, got {came}"
    with pytest.raises(ValueError, match=words):
        schedule(3)


def test_another_type_error_of_a_schedule_is_raised_as_it_is():
    with pytest.raises(TypeError, match="of mine"):
        schedules.as_schedule("r1", _with_an_error)(3)


def _with_an_error(step):
    raise TypeError("an error of mine")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: schedules.constant(-1.0),
            "schedules.constant: value must be a finite number of at least 0, got -1.0.",
        ),
        (
            lambda: schedules.linear_decay(-1.0, 10),
            "schedules.linear_decay: value must be a finite number of at least 0, got -1.0.",
        ),
        (
            lambda: schedules.linear_decay(1.0, 10, final=-1.0),
            "schedules.linear_decay: final must be a finite number of at least 0, got -1.0.",
        ),
        (
            lambda: schedules.linear_decay(1.0, 10, start=-1),
            "schedules.linear_decay: start must be a whole number of at least 0, got -1.",
        ),
        (
            lambda: schedules.linear_decay(1.0, 10, start=10),
            "schedules.linear_decay: steps must be a whole number of at least 11, got 10.",
        ),
        (
            lambda: schedules.cosine_decay(1.0, 0),
            "schedules.cosine_decay: steps must be a whole number of at least 1, got 0.",
        ),
        (
            lambda: schedules.cosine_decay(1.0, 10.0),
            "schedules.cosine_decay: steps must be a whole number of at least 1, got 10.0.",
        ),
        (
            lambda: schedules.geometric_decay(0.0, 10, final=0.1),
            "schedules.geometric_decay: value must be a finite number above 0, got 0.0.",
        ),
        (
            lambda: schedules.geometric_decay(1.0, 10, final=0.0),
            "schedules.geometric_decay: final must be a finite number above 0, got 0.0.",
        ),
        (
            lambda: schedules.as_schedule("r1", -1, "gamma"),
            "r1: gamma must be a finite number of at least 0, got -1.",
        ),
        (
            lambda: schedules.as_schedule("Adam", "fast"),
            "Adam: learning_rate must be a finite number of at least 0, got 'fast'.",
        ),
        (
            lambda: schedules.as_schedule("Adam", math.inf),
            "Adam: learning_rate must be a finite number of at least 0, got inf.",
        ),
    ],
)
def test_errors_name_the_argument(make, message):
    with pytest.raises(ValueError) as error:  # noqa: PT011  the whole message is compared
        make()
    assert str(error.value) == message


@pytest.mark.parametrize("decay", [0.0, 0.5, 0.999])
def test_memory_rises_as_one_plus_t_over_ten_plus_t_up_to_the_decay(decay):
    schedule = schedules.rising_memory(decay)
    for step in STEPS:
        assert float(schedule(tf.constant(step, tf.int64))) == pytest.approx(
            min(decay, (1 + step) / (10 + step)), 1e-6
        )
    with pytest.raises(ValueError, match=r"schedules.rising_memory: decay must be"):
        schedules.rising_memory(1.0)
