"""What every layer of gan_core must do, and that every layer there is stands in this table."""

import ast
import copy
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import gan_core
from gan_core import rng
from gan_core.nn import (
    activations,
    batch_norm,
    conditional,
    conv,
    dense,
    dropout,
    minibatch_std,
    sequential,
    shapes,
    style,
)

pytestmark = pytest.mark.slow

FOLDER = Path(gan_core.__file__).parent
IMAGE = [3, 4, 4, 2]
ROW = [3, 5]

# name -> (make it with a seed, the shape of x, the shape of what it gives, whether the seed
# matters)
LAYERS = {
    "Dense": (lambda seed, **options: dense.Dense(5, 4, seed=seed, **options), ROW, [3, 4], True),
    "Conv2D": (
        lambda seed, **options: conv.Conv2D(2, 3, 4, seed=seed, stride=2, **options),
        IMAGE,
        [3, 2, 2, 3],
        True,
    ),
    "Conv2DTranspose": (
        lambda seed, **options: conv.Conv2DTranspose(2, 3, 4, seed=seed, stride=2, **options),
        IMAGE,
        [3, 8, 8, 3],
        True,
    ),
    "BatchNorm": (lambda seed: batch_norm.BatchNorm(2, seed=seed), IMAGE, IMAGE, False),
    "MinibatchStd": (lambda seed: minibatch_std.MinibatchStd(), IMAGE, [3, 4, 4, 3], False),
    "Reshape": (lambda seed: shapes.Reshape([2, 8, 2]), IMAGE, [3, 2, 8, 2], False),
    "Flatten": (lambda seed: shapes.Flatten(), IMAGE, [3, 32], False),
    "Dropout": (lambda seed: dropout.Dropout(0.5), IMAGE, IMAGE, False),
    "Sequential": (
        lambda seed: sequential.Sequential(
            [
                dense.Dense(5, 4, seed=seed, use_bias=False),
                batch_norm.BatchNorm(4),
                activations.leaky_relu(),
                dense.Dense(4, 1, seed=seed),
            ]
        ),
        ROW,
        [3, 1],
        True,
    ),
    "Styled": (
        lambda seed: style.Styled(
            style.style_mapping(5, 3, seed=seed),
            [dense.Dense(5, 4, seed=seed), style.Modulation(4, 3, seed=seed + 1)],
        ),
        ROW,
        [3, 4],
        True,
    ),
    "leaky_relu": (lambda seed: activations.leaky_relu(), IMAGE, IMAGE, False),
}
CONDITIONAL = {"Embedding", "WithEmbedding", "ConditionalBatchNorm", "ProjectionHead"}
"""They take labels besides x: test_conditional puts them to the laws of layers with one label."""
WITH_STYLE = {"Modulation"}
"""It takes a style besides x: test_style puts it to the laws inside a Styled network."""
MODULES = [name for name in LAYERS if name[0].isupper()]  # the others are plain functions


def layers_in(files):
    """The public classes that are tf.Modules with a call, their own or inherited,
    and the public activations.
    """
    classes = {}
    functions = set()
    for path, text in files.items():
        for node in ast.parse(text).body:
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).split(".")[-1] for base in node.bases}
                classes[node.name] = (
                    bases,
                    any(getattr(f, "name", "") == "__call__" for f in node.body),
                )
            elif isinstance(node, ast.FunctionDef) and path == "activations.py":
                functions.add(node.name)

    def is_a(name, what):
        if name not in classes:
            return what == "module" and name == "Module"
        bases, has_call = classes[name]
        return (what == "call" and has_call) or any(is_a(base, what) for base in bases)

    found = {name for name in classes if is_a(name, "module") and is_a(name, "call")} | functions
    return {name for name in found if not name.startswith("_")}


def test_every_layer_stands_in_the_table():
    assert all(hasattr(conditional, name) for name in CONDITIONAL)
    assert (
        layers_in({path.name: path.read_text("utf-8") for path in FOLDER.rglob("*.py")})
        == LAYERS.keys() | CONDITIONAL | WITH_STYLE
    )


def test_a_new_layer_would_be_missed():
    """The search finds a class that inherits its call from one in another file,
    and an activation.
    """
    base = "class _Base(tf.Module):\n    def __call__(self, x): ..."
    files = {
        "a.py": f"{base}\nclass WithoutCall(tf.Module): ...\nclass Plain: ...",
        "b.py": "from a import _Base\nclass New(_Base): ...\ndef helper(): ...",
        "activations.py": "def swish(): ...\ndef _own(): ...",
    }
    assert layers_in(files) == {"New", "swish"}


def example(name, seed=1):
    make, shape, given, _ = LAYERS[name]
    x = rng.normal(shape, rng.seed(9, name))
    return make(seed), 2.0 * x + 0.5, given


def call(name, layer, x, **options):
    if name == "Dropout":
        return layer(x, seed=rng.seed(3, name), **options)
    return layer(x, **options) if name in MODULES else layer(x)


def variables(layer):
    return layer.variables if isinstance(layer, tf.Module) else ()


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", LAYERS)
def test_shape_and_dtype_are_as_said(name, training):
    layer, x, given = example(name)
    y = call(name, layer, x, training=training)
    assert y.shape == given
    assert y.dtype == tf.float32
    assert np.all(np.isfinite(y))


@pytest.mark.parametrize("name", MODULES)
def test_training_is_a_keyword_and_off_unless_said(name):
    layer, x, _ = example(name)
    np.testing.assert_array_equal(layer(x), layer(x, training=False))
    # Where labels may stand second, they are refused by a network that takes none.
    with pytest.raises((TypeError, ValueError), match=r"positional argument|labels must be None"):
        layer(x, True)


@pytest.mark.parametrize("name", LAYERS)
def test_variables_are_there_from_the_start(name):
    """None is made by a call, none is put in the place of another, all are float32."""
    layer, x, _ = example(name)
    before = [id(v) for v in variables(layer)]
    for training in (False, True):
        call(name, layer, x, training=training)
        tf.function(lambda x, training=training: call(name, layer, x, training=training))(x)
    assert [id(v) for v in variables(layer)] == before
    assert all(v.dtype == tf.float32 for v in variables(layer))


@pytest.mark.parametrize("name", LAYERS)
def test_in_inference_a_call_changes_nothing(name):
    layer, x, _ = example(name)
    before = [v.numpy() for v in variables(layer)]
    call(name, layer, x, training=False)
    for old, variable in zip(before, variables(layer), strict=True):
        np.testing.assert_array_equal(old, variable)


@pytest.mark.parametrize("name", MODULES)
def test_in_training_a_call_leaves_what_is_trained(name):
    layer, x, _ = example(name)
    before = [v.numpy() for v in layer.trainable_variables]
    call(name, layer, x, training=True)
    for old, variable in zip(before, layer.trainable_variables, strict=True):
        np.testing.assert_array_equal(old, variable)


@pytest.mark.parametrize("name", LAYERS)
def test_in_inference_no_sample_sees_another(name):
    layer, x, _ = example(name)
    call(name, layer, x, training=True)
    y = call(name, layer, x, training=False)
    np.testing.assert_allclose(
        call(name, layer, x[1:], training=False), y[1:], rtol=1e-5, atol=1e-6
    )
    np.testing.assert_allclose(
        call(name, layer, x[:1], training=False), y[:1], rtol=1e-5, atol=1e-6
    )


def everything(name, layer, x):
    """Values and all gradients of a fixed function of them, in training and in inference."""
    results = []
    moved = [x, *getattr(layer, "trainable_variables", ())]
    for training in (True, False):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = call(name, layer, x, training=training)
            weights = tf.reshape(tf.cos(tf.range(tf.size(y), dtype=tf.float32)), y.shape)
            loss = tf.reduce_sum(weights * y * y)
        results.append([y, *tape.gradient(loss, moved)])
    return results


@pytest.mark.parametrize("name", LAYERS)
def test_values_and_gradients_are_the_same_eager_in_a_graph_and_under_xla(name):
    """And finite, and one for each parameter."""
    eager_layer, x, _ = example(name)
    eager = everything(name, eager_layer, x)
    assert all(np.all(np.isfinite(value)) for values in eager for value in values)
    for jit_compile in (False, True):
        layer, _, _ = example(name)
        compiled = tf.function(
            lambda x, layer=layer: everything(name, layer, x), jit_compile=jit_compile
        )(x)
        for one, other in zip(compiled, eager, strict=True):
            for value, expected in zip(one, other, strict=True):
                scale = np.max(np.abs(expected)) + 1e-3
                np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-5 * scale)
        for one, other in zip(variables(layer), variables(eager_layer), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", MODULES)
def test_a_copy_has_variables_of_its_own_and_the_same_values(name):
    layer, x, _ = example(name)
    twin = copy.deepcopy(layer)
    np.testing.assert_array_equal(twin(x), layer(x))
    before = [v.numpy() for v in layer.variables]
    for variable in twin.variables:
        variable.assign(variable + 1.0)
    for old, variable in zip(before, layer.variables, strict=True):
        np.testing.assert_array_equal(old, variable)
    assert not {id(v) for v in twin.variables} & {id(v) for v in layer.variables}
    if layer.variables:
        assert np.any(twin(x).numpy() != layer(x).numpy())


@pytest.mark.parametrize("name", MODULES)
def test_one_seed_one_start(name):
    (one, _, _) = example(name, 1)
    (same, _, _) = example(name, 1)
    (other, _, _) = example(name, 2)
    drawn = LAYERS[name][3]
    for a, b in zip(one.variables, same.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    assert drawn == any(
        np.any(a.numpy() != b.numpy()) for a, b in zip(one.variables, other.variables, strict=True)
    )


@pytest.mark.parametrize("name", ["Dense", "Conv2D", "Conv2DTranspose"])
def test_a_seed_is_required_where_weights_are_drawn(name):
    make = {"Dense": dense.Dense, "Conv2D": conv.Conv2D, "Conv2DTranspose": conv.Conv2DTranspose}[
        name
    ]
    with pytest.raises(TypeError, match="seed"):
        make(2, 3) if name == "Dense" else make(2, 3, 4)


@pytest.mark.parametrize("name", ["Dense", "Conv2D", "Conv2DTranspose"])
def test_mixed_precision_is_of_the_call_and_not_of_the_parameters(name):
    """y in bfloat16, within its 8 significant bits; parameters and their gradients in float32."""
    exact_layer, x, _ = example(name)
    exact = exact_layer(x)
    layer = LAYERS[name][0](1, compute_dtype=tf.bfloat16)
    with tf.GradientTape() as tape:
        y = layer(x)
        loss = tf.reduce_sum(tf.cast(y, tf.float32))
    assert y.dtype == tf.bfloat16
    assert {g.dtype for g in tape.gradient(loss, layer.trainable_variables)} == {tf.float32}
    np.testing.assert_allclose(tf.cast(y, tf.float32), exact, atol=0.03 * np.max(np.abs(exact)))
    assert np.any(tf.cast(y, tf.float32).numpy() != exact.numpy())


@pytest.mark.parametrize(
    "name", ["BatchNorm", "MinibatchStd", "Reshape", "Flatten", "Dropout", "leaky_relu"]
)
def test_layers_without_a_dtype_of_their_own_keep_the_one_that_came(name):
    layer, x, _ = example(name)
    for training in (False, True):
        assert call(name, layer, tf.cast(x, tf.bfloat16), training=training).dtype == tf.bfloat16


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in MODULES
        if name not in ("Flatten", "Dropout", "MinibatchStd", "Sequential", "Styled")
    ],
)
def test_a_shape_that_does_not_fit_is_refused_in_the_layers_own_words(name):
    layer, _, _ = example(name)
    with pytest.raises(ValueError, match=rf"^{name}: x must be .*, got \[3, 7\]"):
        layer(tf.zeros([3, 7]))
