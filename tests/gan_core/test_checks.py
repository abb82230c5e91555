"""checks: every error in the library's one form, word by word, and what passes."""

import math

import numpy as np
import pytest
import tensorflow as tf

from gan_core import checks

NAN = float("nan")
INF = float("inf")


def words(function, *arguments, **named):
    """The message of the ValueError that this call raises."""
    with pytest.raises(ValueError) as error:  # noqa: PT011  callers compare the whole message
        function("Owner", "x", *arguments, **named)
    return str(error.value)


def test_fail_says_whose_what_wanted_came_and_the_way_out():
    assert words(checks.fail, "even", "7") == "Owner: x must be even, got 7."
    assert words(checks.fail, "even", "7", "Add one.") == "Owner: x must be even, got 7. Add one."


@pytest.mark.parametrize("value", [0, 3, np.int64(3), np.uint8(3)])
def test_integer_passes_and_becomes_an_int(value):
    assert checks.integer("Owner", "x", value, 0, 3) == value
    assert type(checks.integer("Owner", "x", value)) is int


@pytest.mark.parametrize(
    ("value", "low", "high", "wanted"),
    [
        (1.0, None, None, "a whole number"),
        (True, None, None, "a whole number"),
        (np.True_, None, None, "a whole number"),
        ("1", None, None, "a whole number"),
        (None, None, None, "a whole number"),
        (0, 1, None, "a whole number of at least 1"),
        (2, None, 1, "a whole number of at most 1"),
        (4, 1, 3, "a whole number from 1 to 3"),
    ],
)
def test_integer_refuses(value, low, high, wanted):
    assert words(checks.integer, value, low, high) == f"Owner: x must be {wanted}, got {value!r}."


@pytest.mark.parametrize("value", [0, 0.5, 1, np.float32(0.5), np.int64(1)])
def test_number_passes_and_becomes_a_float(value):
    assert checks.number("Owner", "x", value, 0.0, 1.0) == value
    assert type(checks.number("Owner", "x", value)) is float


@pytest.mark.parametrize(
    ("value", "limits", "wanted"),
    [
        (NAN, {}, "a finite number"),
        (INF, {}, "a finite number"),
        (True, {}, "a finite number"),
        ("1", {}, "a finite number"),
        (1j, {}, "a finite number"),
        (-1, {"low": 0}, "a finite number of at least 0"),
        (2, {"high": 1}, "a finite number of at most 1"),
        (2, {"low": 0, "high": 1}, "a finite number from 0 to 1"),
        (0, {"above": 0}, "a finite number above 0"),
        (1, {"below": 1}, "a finite number below 1"),
        (0, {"above": 0, "below": 1}, "a finite number above 0 and below 1"),
        (1, {"above": 0, "below": 1}, "a finite number above 0 and below 1"),
        (1, {"low": 0, "below": 1}, "a finite number of at least 0 and below 1"),
    ],
)
def test_number_refuses(value, limits, wanted):
    assert words(checks.number, value, **limits) == f"Owner: x must be {wanted}, got {value!r}."


def test_number_takes_its_closed_limits_and_not_its_open_ones():
    assert checks.number("Owner", "x", 0, 0.0, 1.0) == 0
    assert checks.number("Owner", "x", 1, 0.0, 1.0) == 1
    assert checks.number("Owner", "x", 0.5, above=0.0, below=1.0) == 0.5


def test_one_of():
    assert checks.one_of("Owner", "x", "b", ("a", "b")) == "b"
    assert words(checks.one_of, "c", {"a": 1, "b": 2}) == "Owner: x must be one of a, b, got 'c'."


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2]],
        [[1.0, 2.0]],
        np.ones([1, 2]),
        np.ones([1, 2], np.uint8),
        tf.ones([1, 2]),
        tf.Variable(tf.ones([1, 2])),
    ],
)
def test_tensor_passes_numbers_as_float32(value):
    tensor = checks.tensor("Owner", "x", value, ["batch", 2])
    assert tensor.dtype == tf.float32
    np.testing.assert_array_equal(tensor, np.float32(value))


def test_tensor_passes_the_very_tensor_or_variable_it_got():
    for value in (tf.ones([3]), tf.Variable(tf.ones([3]))):
        assert checks.tensor("Owner", "x", value, [3]) is value


@pytest.mark.parametrize(
    ("value", "shape", "wanted", "came"),
    [
        (np.ones([8, 3]), ("batch", 2), "[batch, 2]", "[8, 3]"),
        (np.ones([8]), ("batch", 2), "[batch, 2]", "[8]"),
        (np.ones([8, 3]), (None, 2), "[any, 2]", "[8, 3]"),
        (1.0, ("batch",), "[batch]", "[]"),
        (np.ones([8, 2]), (), "[]", "[8, 2]"),
        (tf.ones([2], tf.float64), (2,), "[2] of float32", "[2] of float64"),
        (tf.ones([2], tf.int32), (2,), "[2] of float32", "[2] of int32"),
        ([True, False], (2,), "[2] of float32", "[2] of bool"),
        (["a"], (1,), "[1] of float32", "[1] of string"),
        ([[1], [2, 3]], (2,), "[2] of float32", "a list that is no array of numbers"),
        (None, (2,), "[2] of float32", "a NoneType that is no array of numbers"),
    ],
)
def test_tensor_refuses(value, shape, wanted, came):
    assert words(checks.tensor, value, shape) == f"Owner: x must be {wanted}, got {came}."


def test_tensor_of_another_dtype():
    assert (
        checks.tensor("Owner", "x", np.zeros([4], np.uint8), ["n"], dtype=tf.uint8).dtype
        == tf.uint8
    )
    assert words(checks.tensor, np.zeros([4], np.int64), ["n"], dtype=tf.uint8) == (
        "Owner: x must be [n] of uint8, got [4] of int64."
    )


def test_tensor_counts_values_that_are_not_finite_where_asked():
    value = [1.0, NAN, INF, -INF]
    assert words(checks.tensor, value, [4], finite=True) == (
        "Owner: x must be finite, got 3 of 4 values NaN or infinite."
    )
    assert checks.tensor("Owner", "x", value, [4]).shape == [4]
    assert checks.tensor("Owner", "x", [1.0, 2.0], [2], finite=True).shape == [2]


def test_a_symbolic_tensor_of_unknown_rank_is_shown():
    seen = []

    @tf.function(input_signature=[tf.TensorSpec(None, tf.float64)])
    def traced(x):
        seen.append(words(checks.tensor, x, ["batch", 3]))
        return x

    traced(tf.ones([1, 3], tf.float64))
    assert seen == ["Owner: x must be [batch, 3] of float32, got [...] of float64."]


def test_a_symbolic_tensor_passes_by_its_static_shape():
    seen = []

    @tf.function(input_signature=[tf.TensorSpec([None, 2])])
    def traced(x):
        checks.tensor("Owner", "x", x, ["batch", 2], finite=True)
        checks.same_shape("Owner", "x", x, [8, 2])  # an unknown size may be 8
        seen.append(words(checks.same_shape, x, ["batch", 3]))
        return x

    traced(tf.ones([1, 2]))
    assert seen == ["Owner: x must be [batch, 3], got [any, 2]."]


def test_show_shape():
    assert checks.show_shape(["batch", 2, None]) == "[batch, 2, any]"
    assert checks.show_shape(tf.TensorShape([None, 3])) == "[any, 3]"
    assert checks.show_shape([]) == "[]"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: checks.number("f", "x", 10**400), "f: x must be a finite number"),
        (
            lambda: checks.tensor("f", "x", np.array([1e300]), ["n"], finite=True),
            "f: x must be finite, got 1 of 1",
        ),
        (
            lambda: checks.tensor("f", "x", tf.Variable([np.nan]), ["n"], finite=True),
            "f: x must be finite, got 1 of 1",
        ),
    ],
)
def test_what_no_float32_holds_is_not_finite(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_integers_are_always_finite():
    assert checks.tensor("f", "x", [1, 2], ["n"], dtype=tf.int64, finite=True).dtype == tf.int64


# ---- boolean, and choices that are one ----


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_boolean_passes_and_becomes_a_bool(value):
    assert checks.boolean("Owner", "x", value) is bool(value)


@pytest.mark.parametrize("value", [1, 0, 1.0, "no", None, np.int64(1)])
def test_boolean_refuses(value):
    assert words(checks.boolean, value) == f"Owner: x must be True or False, got {value!r}."


def test_one_of_does_not_take_1_for_true_nor_true_for_1():
    assert checks.one_of("Owner", "x", True, [False, True]) is True
    assert checks.one_of("Owner", "x", 1, [0, 1]) == 1
    assert words(checks.one_of, 1, [False, True]) == "Owner: x must be one of False, True, got 1."
    assert words(checks.one_of, False, [0, 1]) == "Owner: x must be one of 0, 1, got False."


# ---- array ----


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2]],
        np.ones([1, 2], np.float16),
        tf.ones([1, 2], tf.bfloat16),
        [[True, False]],
        ((1, 2),),
    ],
)
def test_array_passes_real_numbers_as_float64(value):
    result = checks.array("Owner", "x", value, ["n", 2])
    assert result.dtype == np.float64
    assert result.shape == (1, 2)


@pytest.mark.parametrize(
    ("value", "options", "wanted", "came"),
    [
        ([1, 2], {}, "[n, d] of numbers", "[2]"),
        (np.ones([2, 3]), {"shape": ["n", 2]}, "[n, 2] of numbers", "[2, 3]"),
        ([[1j, 2]], {}, "[n, d] of numbers", "complex numbers"),
        ([["1", "2"]], {}, "[n, d] of numbers", "a list that is no array of numbers"),
        ([[1], [2, 3]], {}, "[n, d] of numbers", "a list that is no array of numbers"),
        ([[10**400]], {}, "[n, d] of numbers", "a list that is no array of numbers"),
        (np.ones([0, 2]), {}, "[n, d] of numbers with n at least 1", "[0, 2]"),
        (np.ones([3, 0]), {}, "[n, d] of numbers with n at least 1", "[3, 0]"),
        (np.ones([3, 2]), {"at_least": 4}, "[n, d] of numbers with n at least 4", "[3, 2]"),
        ([[math.nan, 1.0]], {}, "finite", "1 of 2 values NaN or infinite"),
        ([[1e200]], {"largest": 1e100}, "of numbers of at most 1e+100 in size", "1e+200"),
        ([[1.0]], {"dtype": np.int64}, "[n, d] of whole numbers", "[1, 1] of float64"),
        (None, {"shape": []}, "[] of numbers", "a NoneType that is no array of numbers"),
        ([1, None], {"shape": ["n"]}, "[n] of numbers", "a list that is no array of numbers"),
        (1.0, {"shape": [..., "d"]}, "[..., d] of numbers", "[]"),
        (np.ones([4, 3]), {"shape": [..., 2]}, "[..., 2] of numbers", "[4, 3]"),
        ([], {"shape": [...]}, "[...] of numbers with the number of values at least 1", "[0]"),
        (
            np.ones([1, 8, 8, 3]),
            {},
            "[n, d] of numbers",
            "[1, 8, 8, 3]. Flatten images to [n, height * width * channels]",
        ),
    ],
)
def test_array_refuses(value, options, wanted, came):
    options = {"shape": ["n", "d"], **options}
    assert words(checks.array, value, **options) == f"Owner: x must be {wanted}, got {came}."


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ([2**31], np.int32),
        ([-(2**31) - 1], np.int32),
        ([-1], np.uint8),
        (np.array([2**63], np.uint64), np.int64),
        (np.array([1.5], object), np.int64),
    ],
)
def test_array_refuses_whole_numbers_that_its_dtype_does_not_hold(value, dtype):
    """NumPy would wrap them around, or cut the fraction off."""
    with pytest.raises(ValueError, match=r"^Owner: x must be \[n\] of whole numbers from .* to "):
        checks.array("Owner", "x", value, ["n"], dtype=dtype)
    largest = np.iinfo(dtype).max
    assert checks.array("Owner", "x", [largest], ["n"], dtype=dtype).tolist() == [largest]


def test_array_may_be_of_another_dtype_empty_or_not_finite_where_that_is_said():
    assert checks.array("Owner", "x", [1, 2], ["n"], dtype=np.int64).dtype == np.int64
    assert checks.array("Owner", "x", [], ["n"], at_least=0).size == 0
    assert np.isnan(checks.array("Owner", "x", [NAN], ["n"], finite=False))


@pytest.mark.parametrize("came", [[2], [5, 2], [4, 5, 2], [0, 2]])
def test_three_dots_stand_for_any_number_of_axes(came):
    assert checks.array("Owner", "x", np.ones(came), [..., 2], at_least=0).shape == tuple(came)
    assert checks.array("Owner", "x", 1.0, [...]).shape == ()
