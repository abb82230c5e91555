"""Nearly equal pictures: copies are found, different pictures are not,
whatever the block they fall in.
"""

import numpy as np
import pytest

from dcgan.lessons import untidy
from dcgan.measures import duplicates


def blurred_noise(n, seed=0):
    """Smooth pictures [n, 32, 32, 3], as different as can be."""
    coarse = np.random.default_rng(seed).integers(0, 256, (n, 6, 6, 3)).astype(np.float32)
    line = np.linspace(0, 5 - 1e-6, 32)
    left = line.astype(int)
    part = (line % 1)[None, :, None, None]
    rows = coarse[:, left] * (1 - part) + coarse[:, left + 1] * part
    part = (line % 1)[None, None, :, None]
    return np.uint8(rows[:, :, left] * (1 - part) + rows[:, :, left + 1] * part)


def test_different_pictures_are_no_pairs_and_copies_are():
    pictures = blurred_noise(60)
    assert duplicates.pairs(pictures) == []
    copies = untidy.copies(pictures[:10])
    for kind in ("compressed", "brighter"):
        found = duplicates.pairs(np.concatenate([pictures, copies[kind]]))
        assert sorted(pair[:2] for pair in found) == [(i, 60 + i) for i in range(10)], kind
    assert {i == j for i, j, _ in duplicates.pairs(copies["moved"], pictures)} == {
        True
    }  # some, and nothing else


def test_a_picture_is_at_0_from_itself_and_the_most_alike_come_first():
    pictures = blurred_noise(20)
    brighter = np.uint8(np.minimum(pictures[3:4].astype(int) + 6, 255))
    found = duplicates.pairs(np.concatenate([pictures, brighter, pictures[[9]]]))
    assert [pair[:2] for pair in found] == [(9, 21), (3, 20)]
    assert found[0][2] == 0.0
    assert found[1][2] == pytest.approx(6.0, abs=0.5)


def test_against_others_every_pair_counts():
    pictures = blurred_noise(8)
    assert sorted(pair[:2] for pair in duplicates.pairs(pictures, pictures[[5, 2]])) == [
        (2, 1),
        (5, 0),
    ]


def test_blocks_change_nothing(monkeypatch):
    pictures = blurred_noise(30)[np.r_[:30, 4, 25]]
    whole = duplicates.pairs(pictures)
    bits = duplicates.hashes(pictures)
    monkeypatch.setattr(duplicates, "ROWS_AT_A_TIME", 7)
    assert duplicates.pairs(pictures) == whole
    assert [pair[:2] for pair in whole] == [(4, 30), (25, 31)]
    np.testing.assert_array_equal(duplicates.hashes(pictures), bits)


def test_a_hash_says_where_brightness_grows_to_the_right():
    ramp = np.uint8(np.tile(np.linspace(0, 255, 36), (36, 1)))[None, :, :, None].repeat(3, axis=3)
    assert duplicates.hashes(ramp).shape == (1, 64)
    assert duplicates.hashes(ramp).all()
    assert not duplicates.hashes(ramp[:, :, ::-1]).any()
    blue_falls = ramp.copy()  # green weighs more than blue
    blue_falls[..., 2] = ramp[:, :, ::-1, 2]
    assert duplicates.hashes(blue_falls).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bits": 65}, "duplicates.pairs: bits must be a whole number from 0 to 64, got 65."),
        (
            {"levels": -1.0},
            "duplicates.pairs: levels must be a finite number from 0 to 255, got -1.0.",
        ),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(ValueError, match=f"^{words}$"):
        duplicates.pairs(blurred_noise(3), **options)


@pytest.mark.parametrize(
    ("images", "others"),
    [
        ([], None),
        (np.zeros([0, 32, 32, 3], np.uint8), None),
        ([np.zeros([32, 32, 3]), np.zeros([16, 16, 3])], None),
        (np.zeros([2, 40, 40, 3], np.uint8), None),
        (np.zeros([2, 32, 32, 3], np.uint8), []),
        (np.zeros([2, 32, 32, 3], np.uint8), [np.zeros([32, 32, 3]), np.zeros([16, 16, 3])]),
    ],
)
def test_empty_and_ragged_lists_are_refused(images, others):
    name = "images" if others is None else "others"
    with pytest.raises(ValueError, match=f"duplicates.pairs: {name} must be"):
        duplicates.pairs(images, others)


@pytest.mark.parametrize(
    "images",
    [[], [[1, 2], [3]], np.zeros([0, 8, 8, 3], np.uint8), np.zeros([2, 8, 8], np.uint8)],
)
def test_hashes_of_what_is_no_array_of_pictures_are_refused_in_one_line(images):
    with pytest.raises(
        ValueError, match=r"duplicates.hashes: images must be \[N, S, S, 3 or 1\]"
    ) as told:
        duplicates.hashes(images)
    assert "\n" not in str(told.value)
