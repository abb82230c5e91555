"""Features of drawn faces: the inputs of the factor classifier's last layer.

They need no download. The classifier was trained to distinguish hair colours, eyes and mouths, so
these features detect a wrong or missing factor, but hardly react to texture.
"""

from __future__ import annotations

import numpy as np

from dcgan.data import pixels
from dcgan.judge.factor_classifier import IMAGES_AT_A_TIME, FactorClassifier, shrink, with_detail


def features(classifier: FactorClassifier, images: np.ndarray) -> np.ndarray:
    """The 128 numbers of which the classifier's logits are a linear function.

    Args:
        classifier: a trained one.
        images: uint8 [N, S, S, 3], S a multiple of the classifier's size.

    Returns:
        float64 [N, 128].
    """
    small = shrink(images, classifier.size)
    parts = []
    for first in range(0, len(small), IMAGES_AT_A_TIME):
        parts.append(_hidden(classifier, small[first : first + IMAGES_AT_A_TIME]))
    return np.concatenate(parts).astype(np.float64)


def _hidden(classifier: FactorClassifier, images: np.ndarray) -> np.ndarray:
    x = with_detail(pixels.to_float(images))
    for layer in classifier.body.layers[:-1]:
        x = layer(x)
    return x.numpy()
