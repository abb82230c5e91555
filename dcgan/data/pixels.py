"""Pictures are uint8 from 0 to 255 where they are kept, float32 from -1 to 1 where they are learnt from."""

import tensorflow as tf


def to_float(images) -> tf.Tensor:
    """uint8 [...] -> float32 [...] in [-1, 1]: (x - 127.5) / 127.5, so that black is -1 and white 1.

    The difference is exact and the product rounded once, whoever compiles it.
    """
    return (tf.cast(images, tf.float32) - 127.5) * (1.0 / 127.5)


def to_uint8(x) -> tf.Tensor:
    """float [...] -> uint8 [...]: 127.5 (x + 1) rounded; what lies outside [-1, 1] goes to the nearer end.

    One scale for all pictures. Stretching each by its own least and greatest value would change
    colours from picture to picture. to_uint8(to_float(images)) is images.
    """
    return tf.cast(
        tf.round(tf.clip_by_value(127.5 * (tf.cast(x, tf.float32) + 1.0), 0.0, 255.0)), tf.uint8
    )
