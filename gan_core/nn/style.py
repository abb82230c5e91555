"""Styles: z acts on many layers of a generator, and not on the first one alone.

Some properties must agree at distant pixels: all hair of a face, for example, has one colour. In a
plain generator only the first layer reads z, so feature maps have to carry such properties, and
each convolution sees only a few of their pixels. With styles, a small network computes a vector w,
the *style*, from z. Other layers scale and shift their channels by it, at all pixels alike:

    w = mapping(z)         z [B, d], w [B, s]
    [a, b] = w W + c       W [s, 2 C], c [2 C]; a sample's first C numbers are a, the others b
    y = (1 + a) x + b      x and y [B, H, W, C] or [B, C], the layer's input and output

Karras, Laine and Aila 2019 ("A style-based generator architecture for generative adversarial
networks") do this behind instance norm, which normalises each channel of each picture by itself,
and their first layer reads a constant. Chen et al. 2019 ("On self modulation for generative
adversarial networks") compute the gamma and beta of batch norm from z. Here batch norm keeps its
own gamma and beta, a `Modulation` follows it, and the first layer reads z.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from gan_core import checks, rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.affine import Affine
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conditional import ConditionalBatchNorm
from gan_core.nn.dense import Dense
from gan_core.nn.initializers import Initializer, fan_in_normal
from gan_core.nn.sequential import Sequential, takes

SLOPE = 0.2
GAIN = (2.0 / (1.0 + SLOPE**2)) ** 0.5  # keeps the mean square through a leaky ReLU
gentle = fan_in_normal(0.3)  # a and b start with sd .3, if w has a mean square of 1
NORMS = (BatchNorm, ConditionalBatchNorm)  # these have as_affine; a subclass may do otherwise
TINY = 1e-8  # added to a mean square that may be 0


class Modulation(tf.Module):
    """y = (1 + a) x + b for each channel, where a and b are computed from the style w.

    [a, b] = w W + c: the first half of the numbers are a, the second half b. W, the kernel of
    `to_scale_and_shift`, starts as N(0, 0.3^2 / style_size), unless an initializer says otherwise,
    and c, its bias, as 0.

    Args:
        channels: C, the size of x's last axis.
        style_size: how many numbers a style has.
        seed: an int that no other layer of the network has.
        initializer: draws W.
        name: the module's name.

    Raises:
        ValueError: if an argument has another type or is out of range; when called, if x or style
            has another shape, x is of an integer dtype, or there is no style.

    Example:
        >>> layer = Modulation(16, 64, seed=0)
        >>> layer(tf.zeros([8, 4, 4, 16]), style=tf.zeros([8, 64])).shape
        TensorShape([8, 4, 4, 16])
    """

    def __init__(
        self,
        channels: int,
        style_size: int,
        *,
        seed: int,
        initializer: Initializer = gentle,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        self.channels = checks.integer("Modulation", "channels", channels, 1)
        self.style_size = checks.integer("Modulation", "style_size", style_size, 1)
        self.to_scale_and_shift = Dense(
            style_size,
            2 * channels,
            seed=checks.seed("Modulation", seed),
            initializer=initializer,
            name="to_scale_and_shift",
        )

    def __call__(
        self, x: tf.Tensor, style: tf.Tensor | None = None, *, training: bool = False
    ) -> tf.Tensor:
        """Scale and shift.

        Args:
            x: [B, C] or [B, H, W, C], of a floating dtype.
            style: w, [B, style_size] float32.
            training: makes no difference.

        Returns:
            y, of x's shape and dtype; computed in float32.
        """
        return self.after(Affine(tf.convert_to_tensor(x)), style).computed()

    def after(self, before: Affine, style: tf.Tensor | None = None) -> Affine:
        """Scale and shift what another layer scales and shifts as its last step.

        Args:
            before: that layer's last step, before it is computed.
            style: as in the call.

        Returns:
            Both layers' steps as one, before it is computed.
        """
        x = before.x
        if x.shape.rank not in (2, 4) or x.shape[-1] != self.channels:
            wanted = f"[batch, {self.channels}] or [batch, h, w, {self.channels}]"
            checks.fail("Modulation", "x", wanted, checks.show_shape(x.shape))
        if not x.dtype.is_floating:
            checks.fail("Modulation", "x", "of a floating dtype", x.dtype.name)
        if style is None:
            wanted = f"[batch, {self.style_size}]"
            way_out = "Put the layer into a Styled network, which computes the style."
            checks.fail("Modulation", "style", wanted, "None", way_out)
        style = tf.convert_to_tensor(style)
        checks.same_shape("Modulation", "style", style, [x.shape[0], self.style_size])
        a, b = tf.split(self.to_scale_and_shift(style), 2, axis=1)
        return before.then(1.0 + a, b)


class Styled(Sequential):
    """A Sequential that computes a style from its input, for the layers that accept one.

    A batch norm and the `Modulation` behind it scale and shift in one step (`gan_core.nn.affine`).
    This saves time; y may differ in its last digit.

    Args:
        mapping: z [B, d] -> w [B, style_size], such as `style_mapping` makes. It is called as
            mapping(z), without training, seed or labels.
        layers: as for `Sequential`. Those that accept `style`, such as `Modulation`, are given w;
            layers of a Sequential among them are not.
        name: the module's name.

    Raises:
        ValueError: if mapping is not callable, no layer accepts a style, or where a `Sequential`
            raises one.

    Example:
        >>> network = Styled(
        ...     style_mapping(100, 64, seed=0),
        ...     [Dense(100, 16, seed=1), Modulation(16, 64, seed=2), tf.nn.relu],
        ... )
        >>> network(tf.ones([8, 100])).shape
        TensorShape([8, 16])
    """

    def __init__(
        self,
        mapping: Callable[[tf.Tensor], tf.Tensor],
        layers: Sequence[Callable[..., Any]],
        name: str | None = None,
    ) -> None:
        super().__init__(layers, name=name)
        if not callable(mapping):
            checks.fail("Styled", "mapping", "a network or a function", repr(mapping))
        self.mapping = mapping
        self._style_goes_to = tuple(takes(layer, "style") for layer in layers)
        if not any(self._style_goes_to):
            wanted = "a list with a layer that accepts a style"
            checks.fail("Styled", "layers", wanted, "none", "Without one, use a Sequential.")
        self._is_modulated = tuple(
            type(layer) in NORMS and type(behind) is Modulation
            for layer, behind in itertools.pairwise([*layers, None])
        )

    def _run(self, x: tf.Tensor, options: Sequence[dict[str, Any]]) -> tf.Tensor:
        """Call the layers one after another; a batch norm and its modulation as one."""
        steps = zip(self.layers, options, self._is_modulated, strict=True)
        for layer, keywords, is_modulated in steps:
            if is_modulated:
                modulation, its_keywords, _ = next(steps)
                before = layer.as_affine(x, **keywords)
                x = modulation.after(before, its_keywords["style"]).computed()
            else:
                x = layer(x, **keywords)
        return x

    def _options(
        self, x: tf.Tensor, training: bool, seed: tf.Tensor | None, labels: Any
    ) -> list[dict[str, Any]]:
        options = super()._options(x, training, seed, labels)
        style = self.mapping(x)
        for keywords, style_goes_here in zip(options, self._style_goes_to, strict=True):
            if style_goes_here:
                keywords["style"] = style
        return options


def style_mapping(latent_dim: int, style_size: int, *, seed: int) -> Sequential:
    """Make the network that computes a style from z.

    It divides z by its root mean square (`unit_mean_square`), so that only the direction of z
    matters. Two dense layers follow, each with a leaky ReLU of slope 0.2.

    Args:
        latent_dim: how many numbers z has.
        style_size: how many a style has.
        seed: an int that no other layer of the network has.

    Returns:
        A network z [B, latent_dim] -> w [B, style_size] float32.

    Raises:
        ValueError: if an argument has another type or is out of range.

    Example:
        >>> style_mapping(100, 64, seed=0)(tf.ones([8, 100])).shape
        TensorShape([8, 64])
    """
    checks.integer("style_mapping", "latent_dim", latent_dim, 1)
    checks.integer("style_mapping", "style_size", style_size, 1)
    layers: list[Callable] = [unit_mean_square]
    sizes = [latent_dim, style_size, style_size]
    seeds = rng.seeds(checks.seed("style_mapping", seed))
    for inputs, outputs in itertools.pairwise(sizes):
        dense = Dense(inputs, outputs, seed=next(seeds), initializer=fan_in_normal(GAIN))
        layers += [dense, leaky_relu(SLOPE)]
    return Sequential(layers, name="mapping")


def unit_mean_square(z: tf.Tensor) -> tf.Tensor:
    """Divide each sample by the root of the mean of its squares: z / sqrt(mean of z_i^2 + 1e-8).

    Args:
        z: [B, d], float32 or bfloat16.

    Returns:
        The same shape and dtype. Of a sample of zeros come zeros.

    Example:
        >>> unit_mean_square(tf.constant([[3.0, -3.0]])).numpy()
        array([[ 1., -1.]], dtype=float32)
    """
    return z * tf.math.rsqrt(tf.reduce_mean(tf.square(z), axis=-1, keepdims=True) + TINY)
