"""y = scale x + shift for each channel: the last step of batch norm, and all that a style does.

Two such steps in a row are one, with other numbers:

    scale_2 (scale_1 x + shift_1) + shift_2 = (scale_2 scale_1) x + (scale_2 shift_1 + shift_2)

The numbers in brackets are few, one for each channel, or for each channel of each sample. So it
saves time to combine these first, and to pass over the feature maps once.
"""

from __future__ import annotations

import dataclasses

import tensorflow as tf


@dataclasses.dataclass(frozen=True)
class Affine:
    """scale x + shift, before it is computed.

    Args:
        x: [B, C] or [B, H, W, C], of a floating dtype.
        scale: [C], [B, C] or a number; float32.
        shift: the same.

    Example:
        >>> twice = Affine(tf.constant([[3.0, 5.0]]), scale=2.0, shift=0.0)
        >>> twice.then(10.0, tf.constant([1.0, -1.0])).computed().numpy()
        array([[61., 99.]], dtype=float32)
    """

    x: tf.Tensor
    scale: tf.Tensor | float = 1.0
    shift: tf.Tensor | float = 0.0

    def then(self, scale: tf.Tensor | float, shift: tf.Tensor | float) -> Affine:
        """Scale and shift the result once more."""
        return Affine(self.x, scale * self.scale, scale * self.shift + shift)

    def computed(self) -> tf.Tensor:
        """Compute it.

        Returns:
            y, of x's shape and dtype; computed in float32.
        """
        scale = _at_all_pixels(self.scale, self.x)
        shift = _at_all_pixels(self.shift, self.x)
        return tf.cast(tf.cast(self.x, tf.float32) * scale + shift, self.x.dtype)


def _at_all_pixels(numbers: tf.Tensor | float, x: tf.Tensor) -> tf.Tensor:
    """[B, C] as [B, 1, 1, C] if x is a batch of maps; other numbers as they are."""
    numbers = tf.convert_to_tensor(numbers, tf.float32)
    if numbers.shape.rank == 2 and x.shape.rank == 4:
        return numbers[:, tf.newaxis, tf.newaxis, :]
    return numbers
