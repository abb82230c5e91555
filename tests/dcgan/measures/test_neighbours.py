"""Nearest training images, exactly; and whether samples are nearer to them than new real images
are.
"""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.measures import neighbours

DRAW = np.random.default_rng


def faces(seed, n):
    """A plain stand-in for faces: one of very many colours, and a little noise."""
    draw = DRAW(seed)
    return np.clip(
        draw.uniform(0, 255, [n, 1, 1, 3]) + draw.normal(0, 3, [n, 16, 16, 3]), 0, 255
    ).astype(np.uint8)


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(1, 6), m=st.integers(1, 9), data=st.data())
def test_it_agrees_with_a_double_loop_for_any_block_size(seed, n, m, data):
    k = data.draw(st.integers(1, m))
    block = data.draw(st.integers(1, 10))
    samples, training = (
        DRAW([seed, i]).integers(0, 256, [count, 4, 4, 3]).astype(np.uint8)
        for i, count in ((0, n), (1, m))
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(neighbours, "ROWS_AT_A_TIME", block)
        indices, distances = neighbours.nearest(samples, training, k)
    for sample, own, found in zip(samples, indices, distances, strict=True):
        each = [
            math.sqrt(np.mean((sample.astype(float) - image.astype(float)) ** 2))
            for image in training
        ]
        assert list(own) == sorted(range(m), key=each.__getitem__)[:k]
        assert found == pytest.approx(np.array(each)[own], rel=1e-12)


def test_a_copy_is_found_at_distance_exactly_0_among_images_one_grey_level_off():
    training = np.full([3, 128, 128, 3], 200, np.uint8)
    training[0, 0, 0, 0] = 201
    training[2, 5, 5, 1] = 199
    indices, distances = neighbours.nearest(training[[1, 2]], training, k=2)
    assert indices[:, 0].tolist() == [1, 2]
    assert distances[:, 0].tolist() == [0.0, 0.0]
    assert distances[0, 1] == pytest.approx(1 / math.sqrt(128 * 128 * 3))


def test_black_is_255_from_white():
    black = np.zeros([1, 16, 16, 3], np.uint8)
    white = np.full([1, 16, 16, 3], 255, np.uint8)
    assert neighbours.nearest(black, white)[1].tolist() == [[255.0]]


@pytest.mark.slow
def test_new_images_pass_and_copies_are_caught():
    training = faces(0, 400)
    aside = faces(1, 400)
    new = neighbours.memorising(faces(2, 400), training, aside)
    copied = neighbours.memorising(np.concatenate([training[:100], faces(3, 300)]), training, aside)
    assert new.samples == pytest.approx(new.held_aside, rel=0.2)
    assert new.nearer < 0.05
    assert new.copies < 0.02
    assert copied.copies == pytest.approx(0.25, abs=0.02)
    assert copied.samples < new.samples
    assert neighbours.memorising(training, training, aside).samples == 0.0


def test_its_figures_are_those_of_the_held_aside():
    training = faces(0, 50)
    aside = faces(1, 300)
    samples = faces(2, 200)
    found = neighbours.memorising(samples, training, aside)
    ours, theirs = (neighbours.nearest(images, training)[1][:, 0] for images in (samples, aside))
    assert found.samples == np.median(ours)
    assert found.held_aside == np.median(theirs)
    assert np.mean(theirs < found.quantile) == pytest.approx(0.01, abs=0.004)
    assert found.nearer == np.mean(ours < found.quantile)
    assert neighbours.memorising(aside, training, aside).copies == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("m", [20, 98, 99, 500])
def test_a_perfect_sampler_has_as_many_below_the_lowest_percent_as_is_said(m):
    """Of uniform distances the share below a number is that number.
    (NumPy's default quantile: 5.7 % for m = 20.)
    """
    shares = [neighbours.lowest_percent(one) for one in DRAW(0).uniform(size=[20_000, m])]
    spread = np.std(shares) / np.sqrt(len(shares))
    assert np.mean(shares) == pytest.approx(neighbours.rare(m), abs=4 * spread)
    assert neighbours.rare(m) == pytest.approx(max(0.01, 1 / (m + 1)))


X = np.zeros([3, 16, 16, 3], np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: neighbours.nearest(X.astype(float), X),
            r"nearest: samples must be \[N, height, width, 3 or 1\] of uint8.*float64",
        ),
        (
            lambda: neighbours.nearest(X, X[:0]),
            r"nearest: training must be .* got \[0, 16, 16, 3\]",
        ),
        (
            lambda: neighbours.nearest(X[:, :8], X),
            r"samples must be \[N, 16, 16, 3\], got \[3, 8, 16, 3\]",
        ),
        (lambda: neighbours.nearest(X, X, k=4), "k must be a whole number from 1 to 3, got 4"),
    ],
)
def test_errors_say_what_was_wanted_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("ours", "theirs", "name"),
    [
        ([], [1.0], "of_samples"),
        ([1.0], [], "of_held_aside"),
        ([[1.0], [2.0, 3.0]], [1.0], "of_samples"),
        ([1.0], [[1.0], [2.0, 3.0]], "of_held_aside"),
        ([np.nan], [1.0], "of_samples"),
        ([[1.0]], [1.0], "of_samples"),
    ],
)
def test_empty_and_ragged_distances_are_refused(ours, theirs, name):
    with pytest.raises(ValueError, match=f"neighbours.compare: {name} must be"):
        neighbours.compare(ours, theirs)


def test_samples_and_held_aside_are_not_exchanged():
    found = neighbours.compare([1.0, 2.0, 6.0], [4.0, 5.0, 9.0])
    assert (found.samples, found.held_aside, found.copies) == (2.0, 5.0, 2 / 3)


def test_what_was_learnt_is_searched_a_block_at_a_time_with_its_mirror_images(monkeypatch):
    monkeypatch.setattr(neighbours, "ROWS_AT_A_TIME", 4)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, [20, 8, 8, 3], dtype=np.uint8)
    rows = rng.permutation(20)[:13]
    samples = rng.integers(0, 256, [5, 8, 8, 3], dtype=np.uint8)
    for mirrored in (False, True):
        learnt = neighbours.Learnt(images, rows, mirrored)
        both = images[rows]
        if mirrored:
            both = np.concatenate([both, both[:, :, ::-1]])
        assert len(learnt) == len(both)
        np.testing.assert_array_equal(learnt.at(np.arange(len(learnt))), both)
        for found, wanted in zip(
            learnt.nearest(samples, 3), neighbours.nearest(samples, both, 3), strict=True
        ):
            np.testing.assert_array_equal(found, wanted)
        half = learnt.nearest(samples[:, ::2], seen_as=lambda faces: faces[:, ::2])
        np.testing.assert_array_equal(half, neighbours.nearest(samples[:, ::2], both[:, ::2]))
    with pytest.raises(ValueError, match=r"Learnt\.nearest: k must be .* from 1 to 26, got 27"):
        learnt.nearest(samples, 27)
