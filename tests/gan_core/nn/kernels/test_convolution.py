"""Laws of the convolution, its adjoint and its filter gradient, on every path.

What is one path's own: test_subpixel, test_winograd.

Values against plain loops (`reference_conv`), gradients against those same loops (of each, they are
made of the other two), second gradients of one path against the other's, which are TensorFlow's
own.
"""

import re

import numpy as np
import pytest
import reference_conv as reference
import tensorflow as tf
from conv_cases import (
    CASES,
    FEW,
    ONE_PIXEL,
    TWO_CHANNELS,
    close,
    derivatives,
    each_name,
    each_path,
    every_case,
    pairs,
    plain_gradients,
    three,
    traced,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gan_core.devices import instructions
from gan_core.nn.kernels import convolution, winograd
from gan_core.nn.kernels.convolution import PATHS, conv, conv_transpose, filter_gradient

pytestmark = pytest.mark.slow


@each_path
@every_case
def test_values_are_those_of_the_plain_loops(case, path):
    k, s, padding, _ = case
    x, w, y = three(case)
    close(conv(x, w, s, padding, path), reference.conv(x, w, s, padding), 1e-12)
    close(conv_transpose(y, w, s, padding, path), reference.conv_transpose(y, w, s, padding), 1e-12)
    close(
        filter_gradient(x, y, k, s, padding, path),
        reference.filter_gradient(x, y, k, s, padding),
        1e-12,
    )


@each_path
@every_case
def test_the_gradients_of_each_are_the_other_two(case, path):
    k, s, padding, _ = case
    x, w, y = (tf.constant(a) for a in three(case))
    dx, dw, dy = (tf.constant(a) for a in three(case, seed=1))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, w, y])
        down = tf.reduce_sum(conv(x, w, s, padding, path) * dy)
        up = tf.reduce_sum(conv_transpose(y, w, s, padding, path) * dx)
        taps = tf.reduce_sum(filter_gradient(x, y, k, s, padding, path) * dw)
    for scalar, of, want in (
        (down, x, reference.conv_transpose(dy, w, s, padding)),
        (down, w, reference.filter_gradient(x, dy, k, s, padding)),
        (up, y, reference.conv(dx, w, s, padding)),
        (up, w, reference.filter_gradient(dx, y, k, s, padding)),
        (taps, x, reference.conv_transpose(y, dw, s, padding)),
        (taps, y, reference.conv(x, dw, s, padding)),
    ):
        close(tape.gradient(scalar, of), want, 1e-12)


@settings(max_examples=25)
@given(data=st.data())
def test_conv_transpose_is_the_adjoint_of_conv(data):
    """<conv(x, w), y> = <x, conv_transpose(y, w)> = <w, filter_gradient(x, y)>.

    Of small integers every product and sum is exact in float32, so the law holds to the last bit.
    """
    case = data.draw(st.sampled_from(CASES + ONE_PIXEL))
    path = data.draw(st.sampled_from(PATHS))
    k, s, padding, _ = case
    x, w, y = (
        data.draw(arrays(np.float32, a.shape, elements=st.integers(-8, 8).map(float)))
        for a in three(case)
    )
    form = float(tf.reduce_sum(conv(x, w, s, padding, path) * y))
    assert form == float(tf.reduce_sum(x * conv_transpose(y, w, s, padding, path)))
    assert form == float(tf.reduce_sum(w * filter_gradient(x, y, k, s, padding, path)))


@every_case
def test_the_paths_agree_in_second_gradients(case):
    x, w, y = three(case)
    for name, (u, v) in {
        "conv": (x, w),
        "conv_transpose": (y, w),
        "filter_gradient": (x, y),
    }.items():
        native, subpixel = (
            derivatives(pairs(case, path)[name], u, v) for path in ("native", "subpixel")
        )
        for one, other in zip(native, subpixel, strict=True):
            assert np.abs(one).max() > 0
            close(other, one, 1e-12)


@pytest.mark.parametrize("case", FEW, ids=str)
def test_the_paths_agree_in_float32_and_bfloat16(case):
    x, w, y = three(case, np.float32)
    # Eight bits a number, and some hundred of them in a second gradient. Without instructions for
    # bfloat16 the sum is rounded to it after every number.
    coarse_tolerance = 0.2 if instructions.bfloat16_is_slow() else 0.06
    for name, (u, v) in {"conv": (x, w), "conv_transpose": (y, w)}.items():
        want = derivatives(pairs(case, "native")[name], u.astype(np.float64), v.astype(np.float64))
        for path in PATHS:
            function = pairs(case, path)[name]
            for have, wanted in zip(derivatives(function, u, v), want, strict=True):
                assert have.dtype == tf.float32
                close(have, wanted, 1e-5)
            coarse = derivatives(function, tf.cast(u, tf.bfloat16), tf.cast(v, tf.bfloat16))
            for have, wanted in zip(coarse, want, strict=True):
                assert have.dtype == tf.bfloat16
                close(have, wanted, coarse_tolerance)


SQUARE = (4, 2, "SAME", (4, 4))
WINOGRAD = {
    "conv": winograd.conv,
    "conv_transpose": winograd.conv_transpose,
    "filter_gradient": winograd.filter_gradient,
}


@pytest.mark.parametrize(
    ("case", "functions"),
    [
        *((case, pairs(case, path)) for case in (SQUARE, FEW[2], ONE_PIXEL[0]) for path in PATHS),
        (SQUARE, WINOGRAD),
    ],
)
@each_name
def test_derivatives_of_every_order_are_those_of_a_fourth_power(name, case, functions):
    """p(t) = |f(t u, t v)|^2 = t^4 p(1), for f is linear in u and in v.

    So its derivatives at 1 are 4, 12, 24 and again 24 times p(1). The second one needs the gradient
    of every gradient, with respect to what comes from above as well; the third and the fourth need
    theirs.
    """
    x, w, y = three(case)
    u, v = {"conv": (x, w), "conv_transpose": (y, w), "filter_gradient": (x, y)}[name]
    t = tf.constant(1.0, tf.float64)

    def derivative(order):
        if order == 0:
            return tf.reduce_sum(tf.square(functions[name](t * u, t * v)))
        with tf.GradientTape() as tape:
            tape.watch(t)
            value = derivative(order - 1)
        return tape.gradient(value, t)

    p = derivative(0)
    for order, factor in enumerate([4.0, 12.0, 24.0, 24.0], start=1):
        np.testing.assert_allclose(derivative(order), factor * p, rtol=1e-11, err_msg=f"{order}")


@pytest.mark.parametrize("case", [FEW[0], FEW[2], TWO_CHANNELS[0], ONE_PIXEL[0]], ids=str)
def test_eager_graph_and_xla_agree(case):
    """On the sub-pixel path; test_conv has both paths under XLA."""
    x, w, y = three(case, np.float32)

    def everything(x, w, y):
        functions = pairs(case, "subpixel")
        results = derivatives(functions["conv"], x, w) + derivatives(
            functions["conv_transpose"], y, w
        )
        half = [tf.cast(a, tf.bfloat16) for a in (x, w, y)]
        return results, [
            functions["conv"](*half[:2]),
            functions["conv_transpose"](half[2], half[1]),
        ]

    eager, eager_half = everything(x, w, y)
    for jit in (False, True):
        compiled, compiled_half = tf.function(everything, jit_compile=jit, autograph=False)(x, w, y)
        for one, other in zip(eager, compiled, strict=True):
            close(other, one, 1e-5)
        for one, other in zip(eager_half, compiled_half, strict=True):
            assert other.dtype == tf.bfloat16
            close(other, one, 0.02)


@each_path
@pytest.mark.parametrize("case", [FEW[0], TWO_CHANNELS[0], ONE_PIXEL[0]], ids=str)
def test_the_batch_may_be_unknown_while_tracing(case, path):
    x, w, y = three(case, np.float32)
    for name, image in (("conv", x), ("conv_transpose", y)):

        def with_gradients(image, w, name=name):
            return derivatives(pairs(case, path)[name], image, w)

        concrete = traced(with_gradients, [None, *image.shape[1:]], w.shape)
        results = [
            concrete(tf.constant(image), tf.constant(w)),
            with_gradients(tf.constant(image), tf.constant(w)),
        ]
        for one, other in zip(*results, strict=True):
            close(one, other, 1e-5)
        assert concrete.output_shapes[0][1:] == results[1][0].shape[1:]  # only the batch is unknown
        concrete(tf.constant(np.repeat(image, 3, axis=0)), tf.constant(w))


@each_path
def test_a_gradient_may_have_lost_its_static_shape(path):
    """A gradient that comes out of Python code has no shape while tracing;
    the paths know it all the same.
    """
    case = FEW[0]
    x, w, y = three(case, np.float32)

    @tf.custom_gradient
    def forgetful(value):
        return tf.identity(value), lambda d: tf.numpy_function(lambda a: 2.0 * a, [d], tf.float32)

    for name, (u, v) in {
        "conv": (x, w),
        "conv_transpose": (y, w),
        "filter_gradient": (x, y),
    }.items():
        function = pairs(case, path)[name]

        @tf.function(autograph=False)
        def gradients(u, v, function=function):
            with tf.GradientTape() as tape:
                tape.watch([u, v])
                value = forgetful(function(u, v))
            return tape.gradient(value, [u, v])

        lost = gradients(tf.constant(u), tf.constant(v))
        for have, half in zip(lost, plain_gradients(function, u, v), strict=True):
            close(have, 2.0 * half, 1e-5)


def test_auto_means_native_on_a_gpu_and_what_was_measured_to_be_soonest_without(monkeypatch):
    for gpus, dtype, path in (
        ([], "float32", "winograd"),
        ([], "bfloat16", "subpixel"),
        (["0"], "float32", "native"),
    ):
        monkeypatch.setattr(
            tf.config,
            "list_physical_devices",
            lambda kind, gpus=gpus: gpus if kind == "GPU" else [],
        )
        assert convolution.choose_path("auto", tf.as_dtype(dtype)) == path
        assert [convolution.choose_path(name) for name in PATHS] == list(PATHS)


W = np.zeros((4, 4, 3, 2), np.float32)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: conv(np.zeros((1, 5, 4, 3)), W, 2),
            "conv: x's height must be a multiple of the stride 2 (padding SAME), got 5.",
        ),
        (
            lambda: conv(np.zeros((1, 4, 3, 3)), W, 2, "VALID"),
            "conv: x's width must be at least the kernel's 4 (padding VALID), got 3.",
        ),
        (
            lambda: conv(np.zeros((1, 6, 7, 3)), W, 2, "VALID"),
            "conv: x's width must be 4 plus a multiple of the stride 2 "
            "(padding VALID), got 7. The pixels left over would go unread.",
        ),
        (
            lambda: conv(np.zeros((1, 4, 4, 2)), W),
            "conv: x must be [batch, height, width, 3], got [1, 4, 4, 2].",
        ),
        (
            lambda: conv(np.zeros((4, 4, 3)), W),
            "conv: x must be [batch, height, width, 3], got [4, 4, 3].",
        ),
        (lambda: conv(np.zeros((1, 4, 4, 3)), W[:3]), "conv: w must be square, got [3, 4, 3, 2]."),
        (
            lambda: traced(lambda x: conv(x, W), [1, None, 4, 3]),
            "conv: x's height must be known and at least 1, got any.",
        ),
        (
            lambda: conv(np.zeros((1, 5, 5, 3)), W, 5),
            "conv: kernel_size must be at least the stride 5, got 4. "
            "A smaller kernel leaves pixels unread.",
        ),
        (
            lambda: conv(W, W, path="fast"),
            "conv: path must be one of native, subpixel, winograd, got 'fast'.",
        ),
        (
            lambda: conv_transpose(np.zeros((1, 4, 4, 3)), W),
            "conv_transpose: y must be [batch, height, width, 2], got [1, 4, 4, 3].",
        ),
        (
            lambda: filter_gradient(np.zeros((3, 4, 4, 3)), np.zeros((2, 2, 3, 2)), 4, 2),
            "filter_gradient: y must be [3, 2, 2, channels], got [2, 2, 3, 2].",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, words):
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        call()
