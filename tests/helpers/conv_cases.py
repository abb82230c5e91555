"""What the tests of the three convolution paths share: cases, random arrays,
gradients and graphs.
"""

import numpy as np
import pytest
import tensorflow as tf

from gan_core.nn.kernels.convolution import PADDINGS, PATHS, conv, conv_transpose, filter_gradient

# (kernel, stride, padding, height and width of the small side): kernels of 2 to 5 with every stride
# they allow
CASES = []
for k in range(2, 6):
    for s in range(1, min(k, 3) + 1):
        CASES += [(k, s, padding, (2, 3)) for padding in PADDINGS]
TWO_CHANNELS = [(k, 1, "SAME", (4, 2)) for k in (3, 4, 5)]  # to few channels, of even sides
CASES += TWO_CHANNELS
ONE_PIXEL = [
    (4, 1, "VALID", (1, 1)),
    (3, 2, "VALID", (1, 1)),
    (4, 2, "SAME", (1, 1)),
    (1, 1, "SAME", (1, 1)),
]
CASES += [
    (4, 1, "VALID", (1, 2)),
    (3, 2, "VALID", (2, 1)),
]  # one pixel high, one pixel wide, but not both
FEW = [
    (4, 2, "SAME", (2, 3)),
    (5, 2, "SAME", (2, 2)),
    (5, 2, "VALID", (2, 1)),
    (3, 1, "SAME", (3, 2)),
    TWO_CHANNELS[0],
    ONE_PIXEL[0],
]
every_case = pytest.mark.parametrize("case", CASES + ONE_PIXEL, ids=str)
each_name = pytest.mark.parametrize("name", ["conv", "conv_transpose", "filter_gradient"])
each_path = pytest.mark.parametrize("path", PATHS)


def three(case, dtype=np.float64, seed=0, batch=2):
    """Random x, w, y whose shapes fit: 3 channels in x, 2 in y."""
    k, s, padding, small = case
    big = [s * n if padding == "SAME" else s * (n - 1) + k for n in small]
    draw = np.random.default_rng(seed).standard_normal
    return tuple(
        draw(shape).astype(dtype) for shape in ((batch, *big, 3), (k, k, 3, 2), (batch, *small, 2))
    )


def close(have, want, tolerance):
    """Equal up to `tolerance` times the largest number wanted;
    dtypes may differ, shapes may not.
    """
    have, want = (np.asarray(tf.cast(a, tf.float64)) for a in (have, want))
    assert have.shape == want.shape
    np.testing.assert_allclose(have, want, rtol=0, atol=tolerance * np.abs(want).max())


def derivatives(function, u, v):
    """[f, dL/du, dL/dv, dp/du, dp/dv]: L = sum sin f(u, v) (no derivative vanishes), p = |dL/du|^2 as in R1."""
    u = tf.convert_to_tensor(u)
    v = tf.convert_to_tensor(v)
    with tf.GradientTape() as outer:
        outer.watch([u, v])
        with tf.GradientTape() as inner:
            inner.watch([u, v])
            value = function(u, v)
            total = tf.reduce_sum(tf.sin(value))
        du, dv = inner.gradient(total, [u, v])
        penalty = tf.reduce_sum(tf.square(du))
    return [value, du, dv, *outer.gradient(penalty, [u, v])]


def plain_gradients(function, u, v):
    """Gradients of the sum of function(u, v), from eager mode or while tracing."""
    u = tf.convert_to_tensor(u)
    v = tf.convert_to_tensor(v)
    with tf.GradientTape() as tape:
        tape.watch([u, v])
        value = function(u, v)
    return tape.gradient(value, [u, v])


def pairs(case, path):
    """The three functions by name, each of two tensors."""
    k, s, padding, _ = case
    return {
        "conv": lambda x, w: conv(x, w, s, padding, path),
        "conv_transpose": lambda y, w: conv_transpose(y, w, s, padding, path),
        "filter_gradient": lambda x, y: filter_gradient(x, y, k, s, padding, path),
    }


def traced(function, *shapes):
    """The concrete function for these shapes, where None is an unknown batch."""
    return tf.function(function, autograph=False).get_concrete_function(
        *(tf.TensorSpec(shape, tf.float32) for shape in shapes)
    )


def operations(case, path, name, batch=2):
    """The types of all operations in a function and its gradients."""
    x, w, y = three(case, batch=batch)
    images = {"conv": (x, w), "conv_transpose": (y, w), "filter_gradient": (x, y)}[name]
    graph = traced(
        lambda u, v: plain_gradients(pairs(case, path)[name], u, v), *(a.shape for a in images)
    ).graph
    return {operation.type for operation in graph.get_operations()}
