"""Numbers about a set of pictures, on sets whose numbers are known."""

import numpy as np
import pytest

from dcgan.measures import statistics


def noise(n=40, size=8, low=20, high=230):
    return np.random.default_rng(0).integers(low, high, (n, size, size, 3)).astype(np.uint8)


def test_a_description_is_the_formulas_written_out():
    x = noise()
    found = statistics.describe(x)
    floats = x.astype(np.float64)
    assert [found[name] for name in ("red", "green", "blue")] == pytest.approx(
        floats.mean(axis=(0, 1, 2)).tolist()
    )
    assert found["contrast"] == pytest.approx(
        np.mean([picture.std() for picture in floats]), rel=1e-5
    )
    brightness = floats.mean(axis=(1, 2)) @ [0.299, 0.587, 0.114]
    assert found["exposure"] == pytest.approx(brightness.std(), rel=1e-4)
    assert found["edges"] == pytest.approx(
        np.abs(floats[:, :, 1:] - floats[:, :, :-1]).mean(), rel=1e-5
    )
    mean = floats.mean(axis=0)
    assert found["asymmetry"] == pytest.approx(np.abs(mean - mean[:, ::-1]).mean())


def test_blocks_change_nothing(monkeypatch):
    whole = statistics.describe(noise())
    monkeypatch.setattr(statistics, "AT_A_TIME", 7)
    assert statistics.describe(noise()) == pytest.approx(whole)


def test_with_all_mirror_images_the_mean_is_symmetric():
    x = noise()
    assert statistics.describe(x)["asymmetry"] > 1.0
    assert statistics.describe(np.concatenate([x, x[:, :, ::-1]]))["asymmetry"] < 1e-9


def test_stretched_pictures_reach_both_ends_each_by_itself():
    x = noise(3)
    x[1] = x[1] // 4 + 10
    x[2] = 77
    found = statistics.stretched(x)
    assert found.dtype == np.uint8
    for picture in found[:2]:
        assert (picture.min(), picture.max()) == (0, 255)
    assert not found[2].any()
    full = x[:1].copy()
    full[0, 0, 0, :2] = 0, 255
    np.testing.assert_array_equal(statistics.stretched(full), full)


def test_a_peak_is_what_was_held_at_once():
    def twice():
        np.ones(1_000_000, np.uint8)  # freed at once
        return np.ones(2_000_000, np.uint8)

    assert statistics.peak_bytes(twice) == pytest.approx(2_000_000, rel=0.05)
    assert statistics.peak_bytes(lambda: None) < 10_000
