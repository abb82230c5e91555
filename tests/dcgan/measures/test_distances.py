"""Distances between sets of images: what each must see, what it must not,
and what two real sets give.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dcgan.measures import distances, pyramid
from gan_core import metrics

pytestmark = pytest.mark.slow

SEEDS = st.integers(0, 10**6)
DRAW = np.random.default_rng


def scenes(seed, n, size=32, contrast=100.0):
    """Images with structure of every size, 28 to 228: blocks of colour,
    each half as large as the one before.
    """
    total = np.zeros([n, size, size, 3])
    for side in (4, 8, 16, size):
        blocks = DRAW([seed, side]).uniform(-1, 1, [n, side, side, 3])
        total += np.repeat(np.repeat(blocks, size // side, axis=1), size // side, axis=2) / 4
    return np.round(128 + contrast * total).astype(np.uint8)


def blurred(images):
    x = images.astype(float)
    for axis in (1, 2):
        x = (np.roll(x, 1, axis) + 2 * x + np.roll(x, -1, axis)) / 4
    return x.astype(np.uint8)


def patches_of(real, fake, **options):
    return distances.sliced_wasserstein_pyramid(
        real, fake, **{"seed": 0, "projections": 32, **options}
    )


REAL = scenes(0, 200)


# Patches and whole images


def test_few_faces_again_and_again_pass_by_their_patches_and_not_as_whole_images():
    few = REAL[100 + np.arange(100) % 4]
    floor, found = (
        distances.patches_and_whole(REAL[:100], one, seed=0) for one in (REAL[100:], few)
    )
    assert list(found) == [32, 16, "whole", "mean"]
    assert found[32] < 3 * floor[32]
    assert found["whole"] > 3 * floor["whole"]
    assert found["mean"] == pytest.approx((found[32] + found[16] + found["whole"]) / 3)
    assert {level: found[level] for level in (32, 16)} == pytest.approx(
        {level: patches_of(REAL[:100], few, projections=128)[level] for level in (32, 16)}
    )


def test_whole_images_are_measured_by_the_spread_of_real_ones():
    """In 1/1000 of it: all 10 grey levels lighter is E|u . a| for the shift a = 10 / sd (see metrics)."""
    dark = np.clip(scenes(3, 60), 0, 245)
    n = 768
    lighter = distances.patches_and_whole(dark, dark + np.uint8(10), seed=0)["whole"]
    shift = np.linalg.norm(10.0 / 255.0 / distances.small(dark).std(axis=0))
    assert lighter == pytest.approx(1000 * shift * np.sqrt(2 / (np.pi * n)), rel=0.2)


@pytest.mark.parametrize("grey", [0, 255])
def test_whole_images_that_are_all_alike_are_no_division_by_zero(grey):
    same = np.full([10, 32, 32, 3], grey, np.uint8)
    assert distances.patches_and_whole(same, same, seed=0)["whole"] == 0.0
    assert np.isfinite(distances.patches_and_whole(same, REAL[:10], seed=0)["whole"])


# Sliced Wasserstein


def test_a_set_is_zero_from_itself_and_halves_are_nearer_than_another_kind():
    itself = patches_of(REAL[:100], REAL[:100])
    other_half = patches_of(REAL[:100], REAL[100:])
    other = patches_of(REAL[:100], scenes(1, 100, contrast=40.0))
    assert list(itself) == [32, 16, "mean"]
    assert set(itself.values()) == {0.0}
    for level in (32, 16, "mean"):
        assert 0.0 < 4 * other_half[level] < other[level]


def test_the_mean_is_of_the_levels():
    found = patches_of(REAL[:20], REAL[20:40])
    assert found["mean"] == pytest.approx((found[32] + found[16]) / 2)


def test_a_blur_shows_in_the_finest_level():
    floor = patches_of(REAL[:100], REAL[100:])
    blur = patches_of(REAL[:100], blurred(REAL[100:]))
    assert blur[32] > 5 * floor[32]
    assert blur[16] < blur[32] / 4


def test_a_shift_of_colour_shows_in_the_coarsest_level_alone_in_thousandths_of_the_real_sd():
    """A patch moves by d/sd in its 49 values of each channel; a shift a counts as sqrt(2 / (pi 147)) |a|.

    Were each set measured by its own mean, nothing would show; by its own sd, the size would be
    another.
    """
    shift = np.array([5, 10, -20])
    sd = pyramid.laplacian_pyramid(REAL)[-1].std(axis=(0, 1, 2))
    expected = 1000 * np.sqrt(2 / (np.pi * 147)) * 7 * np.linalg.norm(shift / sd)
    found = patches_of(REAL, (REAL + shift).astype(np.uint8), projections=1000)
    assert found[16] == pytest.approx(expected, rel=0.08)
    assert found[32] == pytest.approx(0.0, abs=0.1)


def test_faint_detail_shows():
    """Half the contrast, in both levels: a set scaled by its own sd would pass for real."""
    faint = patches_of(REAL[:100], (128 + (REAL[100:] - 128.0) / 2).astype(np.uint8))
    floor = patches_of(REAL[:100], REAL[100:])
    assert all(faint[level] > 5 * floor[level] for level in (32, 16))


def test_the_unit_is_the_real_one_so_scaling_both_changes_nothing():
    one = scenes(3, 60, contrast=50.0)
    twice = scenes(3, 60, contrast=100.0)
    a = patches_of(one[:30], one[30:])
    b = patches_of(twice[:30], twice[30:])
    assert all(
        a[level] == pytest.approx(b[level], rel=0.03) for level in a
    )  # pixels are whole numbers


def test_the_seed_decides_and_blocks_do_not(monkeypatch):
    one = patches_of(REAL[:30], REAL[30:50])
    monkeypatch.setattr(distances, "IMAGES_AT_A_TIME", 7)
    assert patches_of(REAL[:30], REAL[30:50]) == one != patches_of(REAL[:30], REAL[30:50], seed=1)


def test_patches_are_those_of_the_level_and_reach_every_place():
    """An image that holds its pixels' numbers: each patch counts up along rows,
    and all corners come out.
    """
    numbers = np.zeros([40, 16, 16, 3], np.uint8)
    numbers[..., 0], numbers[..., 1] = np.mgrid[:16, :16]
    numbers[..., 2] = np.arange(40)[:, None, None]
    cut = distances._patches(numbers, 16, 50, seed=0).reshape(40, 50, 7, 7, 3)
    rows = cut[:, :, :1, :1, 0]
    columns = cut[:, :, :1, :1, 1]
    np.testing.assert_array_equal(
        cut[..., 0], np.broadcast_to(rows + np.arange(7)[:, None], cut.shape[:-1])
    )
    np.testing.assert_array_equal(
        cut[..., 1], np.broadcast_to(columns + np.arange(7), cut.shape[:-1])
    )
    np.testing.assert_array_equal(
        cut[..., 2], np.broadcast_to(np.arange(40)[:, None, None, None], cut.shape[:-1])
    )
    assert set(zip(rows.ravel(), columns.ravel(), strict=True)) == {
        (i, j) for i in range(10) for j in range(10)
    }


@pytest.mark.parametrize("size", [32, 16])
def test_places_hang_on_the_seed_the_image_and_the_level(size):
    images = np.zeros([2, 32, 32, 3], np.uint8)
    images[..., 0], images[..., 1] = np.mgrid[:32, :32]
    one, again, other = (distances._patches(images, size, 20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)
    of_each = one.reshape(2, 20, -1)
    assert not np.array_equal(of_each[0], of_each[1])


FAINT = (128 + (scenes(7, 60) - 128.0) / 3 + 9).astype(np.uint8)  # another mean and another sd


def test_both_sets_of_patches_are_measured_by_the_real_ones_level_by_level():
    """The definition, written out: exchanging the sets, or a set's own mean or sd, gives others."""
    real = REAL[:60]
    seed = 5
    found = distances.sliced_wasserstein_pyramid(real, FAINT, seed=seed, projections=16)
    for size in (32, 16):
        a = distances._patches(real, size, 16, seed)
        b = distances._patches(FAINT, size, 16, seed)
        mean = a.mean(axis=(0, 1))
        sd = a.std(axis=(0, 1))
        points = [((one - mean) / sd).reshape(len(one), -1) for one in (a, b)]
        want = 1000 * metrics.sliced_wasserstein(*points, seed=seed, projections=16)
        assert found[size] == pytest.approx(want, rel=1e-9)
    swapped = distances.sliced_wasserstein_pyramid(FAINT, real, seed=seed, projections=16)
    assert swapped[32] > 1.5 * found[32]


def test_both_sets_of_whole_images_are_measured_by_the_real_ones():
    real = REAL[:60]
    seed = 5
    found = distances.patches_and_whole(real, FAINT, seed=seed)
    a = distances.small(real)
    b = distances.small(FAINT)
    mean = a.mean(axis=0)
    sd = a.std(axis=0)
    want = 1000 * metrics.sliced_wasserstein((a - mean) / sd, (b - mean) / sd, seed=seed)
    assert found["whole"] == pytest.approx(want, rel=1e-9)
    levels = distances.sliced_wasserstein_pyramid(real, FAINT, seed=seed)
    assert {size: found[size] for size in (32, 16)} == {size: levels[size] for size in (32, 16)}
    other = distances.patches_and_whole(real, FAINT, seed=seed + 1)
    assert all(other[name] != found[name] for name in found)


# MMD of images


def test_mmd_is_near_zero_for_halves_and_grows_with_a_shift():
    bandwidth = distances.mmd_bandwidth(REAL)
    values = [
        distances.image_mmd(REAL[:100], (REAL[100:] + shift).astype(np.uint8))
        for shift in (0, 5, 10, 20)
    ]
    assert abs(values[0]) < 0.2 * values[1]
    assert values == sorted(values)
    assert distances.image_mmd(REAL[:50], REAL[50:], bandwidth=bandwidth) == pytest.approx(
        distances.image_mmd(REAL[50:], REAL[:50], bandwidth=bandwidth), abs=1e-12
    )


def test_the_default_bandwidth_is_that_of_the_real_set():
    real = REAL[:20]
    fake = scenes(5, 30, contrast=30.0)
    assert (
        distances.image_mmd(real, fake)
        == distances.image_mmd(real, fake, bandwidth=distances.mmd_bandwidth(real))
        != distances.image_mmd(real, fake, bandwidth=distances.mmd_bandwidth(fake))
    )


def test_small_takes_the_means_of_blocks():
    image = np.arange(64 * 64 * 3).reshape(1, 64, 64, 3) % 251
    seen = distances.small(image.astype(np.uint8)).reshape(16, 16, 3)
    for i, j in ((0, 0), (3, 7), (15, 15)):
        np.testing.assert_allclose(
            seen[i, j], image[0, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4].mean(axis=(0, 1)) / 255
        )


# MS-SSIM


def slow_ms_ssim(x, y):
    """Wang et al. 2003, window by window, float64; x, y [S, S, 3], as many scales as fit."""
    weights = [0.0448, 0.2856, 0.3001][: {16: 1, 32: 2, 64: 3}[len(x)]]
    at = np.arange(11) - 5.0
    window = np.exp(-(at[:, None] ** 2 + at**2) / (2 * 1.5**2))
    window /= window.sum()
    x = x.astype(float)
    y = y.astype(float)
    value = np.ones(3)
    for scale, weight in enumerate(weights):
        if scale:
            x, y = ((g[::2, ::2] + g[1::2, ::2] + g[::2, 1::2] + g[1::2, 1::2]) / 4 for g in (x, y))
        terms = []
        for i in range(len(x) - 10):
            for j in range(len(x) - 10):
                a = x[i : i + 11, j : j + 11]
                b = y[i : i + 11, j : j + 11]

                def mean(g):
                    return np.tensordot(window, g, 2)

                variances = mean(a * a) - mean(a) ** 2 + mean(b * b) - mean(b) ** 2
                cs = (2 * (mean(a * b) - mean(a) * mean(b)) + 7.65**2) / (variances + 7.65**2)
                light = (2 * mean(a) * mean(b) + 2.55**2) / (mean(a) ** 2 + mean(b) ** 2 + 2.55**2)
                terms.append(cs * light if scale == len(weights) - 1 else cs)
        value *= np.maximum(np.mean(terms, axis=0), 0.0) ** (weight / sum(weights))
    return value.mean()


@pytest.mark.parametrize("size", [16, 32])
def test_ms_ssim_is_the_definition(size):
    x, y = scenes(0, 2, size=size)
    near = np.clip(x + DRAW(1).normal(0, 20, x.shape), 0, 255).astype(np.uint8)
    found = distances.ms_ssim(np.stack([x, x]), np.stack([y, near]))
    np.testing.assert_allclose(found, [slow_ms_ssim(x, y), slow_ms_ssim(x, near)], atol=1e-4)


@settings(max_examples=5)
@given(seed=SEEDS)
def test_ms_ssim_is_1_on_itself_symmetric_and_falls_with_noise(seed):
    x = scenes(seed, 4)
    n = DRAW(seed).normal(size=[4, 32, 32, 3])
    np.testing.assert_allclose(distances.ms_ssim(x, x), 1.0, atol=1e-5)
    worse = [
        distances.ms_ssim(x, np.clip(x + sd * n, 0, 255).astype(np.uint8)) for sd in (5, 20, 60)
    ]
    assert np.all(worse[0] < 1.0)
    assert np.all(worse[1] < worse[0])
    assert np.all(worse[2] < worse[1])
    np.testing.assert_allclose(
        distances.ms_ssim(x, x[::-1]), distances.ms_ssim(x[::-1], x), atol=1e-5
    )


def test_any_size_and_any_number_of_images(monkeypatch):
    x = scenes(1, 5, size=64)
    y = scenes(2, 5, size=64)
    whole = distances.ms_ssim(x, y)
    monkeypatch.setattr(distances, "IMAGES_AT_A_TIME", 2)
    np.testing.assert_allclose(distances.ms_ssim(x, y), whole, atol=1e-6)


def test_dropping_modes_raises_the_diversity_value_and_copies_give_1():
    dropped = REAL[np.arange(200) % 4]
    value, of_dropped = (
        distances.diversity(images, seed=0, pairs=300) for images in (REAL, dropped)
    )
    assert of_dropped > value + 0.15  # a quarter of the pairs are of one image
    assert distances.diversity(REAL[[0, 0, 0]], seed=0, pairs=20) == pytest.approx(1.0, abs=1e-5)


@settings(max_examples=10)
@given(seed=SEEDS, n=st.integers(2, 5))
def test_no_image_is_paired_with_itself_and_all_pairs_come(seed, n):
    seen = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            distances,
            "ms_ssim",
            lambda x, y: (
                seen.extend(zip(x[:, 0, 0, 0], y[:, 0, 0, 0], strict=True)) or np.zeros(len(x))
            ),
        )
        distances.diversity(
            np.ones([16, 16, 3], np.uint8) * np.arange(n, dtype=np.uint8)[:, None, None, None],
            seed=seed,
            pairs=400,
        )
    assert len(seen) == 400
    assert set(seen) == {(i, j) for i in range(n) for j in range(n) if i != j}


# The floor


@settings(max_examples=10)
@given(seed=SEEDS, n=st.integers(1, 10))
def test_halves_are_disjoint_random_and_repeatable(seed, n):
    images = np.arange(20)
    a, b = distances.halves(images, n, seed=seed)
    assert len(a) == len(b) == n
    assert len({*a, *b}) == 2 * n
    np.testing.assert_array_equal(np.stack([a, b]), distances.halves(images, n, seed=seed))
    assert distances.floor(lambda x, y: (tuple(x), tuple(y)), images, n, seed=seed) == (
        tuple(a),
        tuple(b),
    )


def test_halves_are_not_the_first_and_the_second():
    a, b = distances.halves(np.arange(1000), 500, seed=0)
    assert abs(a.mean() - b.mean()) < 100
    assert not np.array_equal(a, distances.halves(np.arange(1000), 500, seed=1)[0])


# Errors

X = np.zeros([3, 32, 32, 3], np.uint8)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: patches_of(X, X.astype(np.float32)),
            r"sliced_wasserstein_pyramid: fake must be \[.*\] of uint8.*got \[.*\] of float32\. See",
        ),
        (
            lambda: patches_of(X[:, :, :16], X),
            r"sliced_wasserstein_pyramid: real must be \[N, S, S, 3 or 1\]",
        ),
        (
            lambda: patches_of(X, X, patches=0),
            "patches must be a whole number of at least 1, got 0",
        ),
        (
            lambda: distances.image_mmd(X, X[:, :16, :16]),
            r"image_mmd: fake must be \[M, 32, 32, 3\], got \[3, 16, 16, 3\]",
        ),
        (lambda: distances.image_mmd(X[:1], X), "image_mmd: real must be at least 2 images, got 1"),
        (
            lambda: distances.ms_ssim(X, X[:2]),
            r"ms_ssim: y must be \[3, 32, 32, 3\], got \[2, 32, 32, 3\]",
        ),
        (
            lambda: distances.diversity(X[:1], seed=0),
            "diversity: images must be at least 2 images, got 1",
        ),
        (
            lambda: distances.diversity(X, seed=0, pairs=0),
            "pairs must be a whole number of at least 1, got 0",
        ),
        (
            lambda: distances.halves(X, 2, seed=0),
            "halves: n must be a whole number from 1 to 1, got 2",
        ),
    ],
)
def test_errors_say_what_was_wanted_and_what_came(call, message):
    with pytest.raises(ValueError, match=message):
        call()
