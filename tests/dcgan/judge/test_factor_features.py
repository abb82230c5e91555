"""Features of the factor classifier: what its logits are a linear function of."""

import numpy as np
import pytest

from dcgan.drawn import drawn_faces
from dcgan.judge import factor_classifier, factor_features

FACTORS = {"hair_colour": drawn_faces.FACTORS["hair_colour"], "mouth": ("a", "b")}


@pytest.mark.parametrize("block", [3, 500])
def test_the_last_layer_makes_the_logits_of_them(monkeypatch, block):
    monkeypatch.setattr(factor_features, "IMAGES_AT_A_TIME", block)
    classifier = factor_classifier.FactorClassifier(FACTORS, size=16, seed=2, width=4)
    images = drawn_faces.draw(range(7), seed=1, size=32)
    found = factor_features.features(classifier, images)
    assert (found.shape, found.dtype) == ((7, 128), np.float64)
    logits = np.concatenate(list(classifier.logits(images).values()), axis=1)
    last = classifier.body.layers[-1]
    np.testing.assert_allclose(last(found.astype(np.float32)), logits, rtol=1e-4, atol=1e-5)
