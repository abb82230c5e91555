"""What a person sees in texture: weave, blur and noise, each against slow formulas."""

import numpy as np
import pytest

from dcgan.drawn import drawn_faces
from dcgan.measures import distances, pyramid, texture

N = 60


@pytest.fixture(scope="module")
def faces():
    return drawn_faces.draw(range(3 * N), seed=4, size=32)


def to_uint8(x):
    return np.uint8(np.clip(np.round(x), 0, 255))


def woven(images, strength=6.0):
    board = np.indices([32, 32]).sum(axis=0) % 2 * 2 - 1
    return to_uint8(images + strength * board[np.newaxis, :, :, np.newaxis])


def blurred(images):
    x = images.astype(float)
    return to_uint8((x + np.roll(x, 1, axis=1) + np.roll(x, 1, axis=2)) / 3.0)


def whitened(real, fake, level=0):
    """Of many patches an image, because 60 faces have few, for a covariance of 147 numbers."""
    return texture.whitened_patches(real, fake, seed=0, level=level, patches=100)


MEASURES = {
    "whitened patches": whitened,
    "at the next level": lambda real, fake: whitened(real, fake, level=1),
    "spectrum": texture.spectrum_distance,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MEASURES)
def test_a_set_is_0_from_itself_and_spoilt_faces_are_farther_than_real_ones(name, faces):
    measure = MEASURES[name]
    real = faces[:N]
    others = faces[N : 2 * N]
    assert measure(real, real) == pytest.approx(0.0, abs=1e-9)
    floor = measure(real, others)
    assert floor > 0.0
    assert measure(real, blurred(others)) > 1.2 * floor
    if name != "at the next level":
        assert measure(real, woven(others)) > 1.5 * floor


def test_weave_is_seen_that_random_directions_of_patches_hardly_see(faces):
    real = faces[:N]
    others = faces[N : 2 * N]
    spoilt = woven(others)
    ratios = {}
    for name, measure in (
        ("whitened", MEASURES["whitened patches"]),
        ("random", lambda a, b: distances.patches_and_whole(a, b, seed=0)["mean"]),
    ):
        ratios[name] = measure(real, spoilt) / measure(real, others)
    assert ratios["whitened"] > 2.0 * ratios["random"]


def test_whitened_patches_are_a_frechet_distance_after_whitening(faces, monkeypatch):
    """Two Gaussians: |m|² + tr(I + C - 2 C^(1/2)), with C the fake covariance where real has I."""
    draw = np.random.default_rng(0)
    real = draw.normal(size=[500, 3]) @ np.diag([3.0, 5.0, 8.0])
    fake = draw.normal(size=[400, 3]) @ np.diag([5.0, 4.0, 9.0]) + [1.0, 0.0, 2.0]
    given = iter([real, fake])
    monkeypatch.setattr(texture, "_patches", lambda *_: next(given))
    found = texture.whitened_patches(faces[:2], faces[2:4], seed=0)
    noise = np.eye(3)
    whitening = np.linalg.inv(np.linalg.cholesky(np.cov(real.T) + noise)).T
    covariance = whitening.T @ (np.cov(fake.T) + noise) @ whitening
    roots = np.sqrt(np.linalg.eigvalsh(covariance))
    shift = (fake.mean(axis=0) - real.mean(axis=0)) @ whitening
    expected = shift @ shift + np.trace(np.eye(3) + covariance) - 2.0 * roots.sum()
    assert found == pytest.approx(expected, rel=1e-9)


def test_patches_are_cut_from_their_own_image(faces):
    cut = texture._patches(faces[:2], 0, 200, 7)
    level = pyramid.laplacian_pyramid(faces[:2])[0]
    for i in range(2):
        windows = set()
        for y, x in np.ndindex(26, 26):
            windows.add(level[i, y : y + 7, x : x + 7].transpose(2, 0, 1).tobytes())
        own = cut[200 * i : 200 * (i + 1)].astype(np.float32)
        assert {patch.tobytes() for patch in own} <= windows
        assert len({patch.tobytes() for patch in own}) > 100


def test_the_spectrum_is_the_transform_written_out(faces):
    images = faces[:3]
    grey = images.astype(np.float64) @ [0.299, 0.587, 0.114]
    size = 32
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, size + 1) / (size + 1))
    turns = np.exp(-2j * np.pi * np.outer(np.arange(size), np.arange(size)) / size)
    expected = np.zeros([size, size])
    for one in grey:
        one = (one - one.mean()) * window[:, None] * window
        expected += np.abs(turns @ one @ turns.T) ** 2 / 3
    np.testing.assert_allclose(
        texture.spectrum(images), expected[:, : size // 2 + 1] + 1.0, rtol=1e-4, atol=1e-2
    )


def test_a_grid_is_told_from_texture_without_one(faces):
    """A picture of noise has none; doubling every fourth row's contrast makes one."""
    noise = np.random.default_rng(0).normal(size=[40, 32, 32, 1]) * np.ones(3)
    plain = to_uint8(128 + 20 * noise)
    rows = np.where(np.arange(32) % 4 == 0, 2.0, 1.0)[:, np.newaxis, np.newaxis]
    assert texture.grid_pattern(plain) < 0.05
    assert texture.grid_pattern(to_uint8(128 + 20 * noise * rows)) > 0.2
    assert texture.grid_pattern(np.full([2, 32, 32, 3], 9, np.uint8)) == 0.0
