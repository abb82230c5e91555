"""Sets that a person can rank at a glance come out in that order, by real networks' features."""

import functools

import numpy as np
import pytest

from dcgan.drawn import drawn_faces
from dcgan.judge import factor_classifier, factor_features
from dcgan.measures.features import efficientnet
from dcgan.measures.features.face_judge import FaceJudge
from dcgan.measures.pixel_judge import PixelJudge

pytestmark = pytest.mark.slow

N = 64
SIZE = 32


@pytest.fixture(scope="module")
def drawn():
    return drawn_faces.draw(range(5_000, 5_000 + 3 * N), seed=3, size=SIZE)


@pytest.fixture(scope="module")
def sets(drawn):
    """As a person ranks them: faces a little soft; a checkerboard over each; three over and over."""
    fresh = drawn[2 * N :]
    x = fresh.astype(np.float64)
    soft = (x + 0.15 * np.roll(x, 1, axis=2)) / 1.15
    board = np.indices([SIZE, SIZE]).sum(axis=0) % 2 * 2 - 1
    woven = soft + 16.0 * board[np.newaxis, :, :, np.newaxis]
    in_levels = [np.uint8(np.clip(np.round(images), 0, 255)) for images in (soft, woven)]
    return [*in_levels, in_levels[0][np.arange(N) % 3]]


def test_by_the_features_of_the_factor_classifier(drawn, sets):
    classifier = factor_classifier.train_classifier(SIZE, faces=512, steps=40)
    network = functools.partial(factor_features.features, classifier)
    jury = FaceJudge(drawn[:N], drawn[N : 2 * N], network, thorough=False)
    values = [jury.combined(jury.measure(images)) for images in sets]
    assert values == sorted(values)
    assert values[0] < 0.9 * values[1]  # these features see little of texture


@pytest.mark.skipif(not efficientnet.is_installed(), reason="the extra judge is not installed")
def test_by_the_features_of_the_imagenet_network(drawn, sets):
    jury = FaceJudge(drawn[:N], drawn[N : 2 * N], efficientnet.load(), thorough=False)
    values = [jury.combined(jury.measure(images)) for images in sets]
    assert values == sorted(values)
    assert values[0] < 0.8 * values[1]


def test_by_pixels_alone(drawn, sets):
    jury = PixelJudge(drawn[:N], drawn[N : 2 * N])
    values = [jury.combined(jury.measure(images)) for images in sets]
    assert values == sorted(values)
    assert values[0] < 0.8 * values[1]
