"""Drawn faces: the same face for ever, independent factors, each seen where it should be and
nowhere else.
"""

import itertools

import numpy as np
import pytest

from dcgan.drawn import canvas, drawn_faces, proportions
from dcgan.drawn.drawn_faces import FACTORS, draw, draw_factors, factors

FACE = 5  # drawn alone, in these tests


def with_values(name, index=FACE, seed=0, size=48, **others):
    """The face `index` with every value of one factor: [values, size, size, 3]."""
    count = len(FACTORS[name])
    own = {
        factor: np.full(count, value[0]) for factor, value in factors([index], seed=seed).items()
    }
    own |= {
        factor: np.full(count, FACTORS[factor].index(value)) for factor, value in others.items()
    }
    return draw_factors(
        {**own, name: np.arange(count)}, np.full(count, index), seed=seed, size=size
    ).astype(int)


def test_a_face_is_the_same_alone_in_a_crowd_and_in_any_order():
    crowd = draw(range(600), size=16)
    for index in (0, 7, 255, 256, 599):
        np.testing.assert_array_equal(draw([index], size=16)[0], crowd[index])
    np.testing.assert_array_equal(draw([300, 2, 300], size=16), crowd[[300, 2, 300]])
    np.testing.assert_array_equal(draw([10**12 + 3], size=16), draw([5, 10**12 + 3], size=16)[1:])


def test_no_two_faces_are_equal_and_another_seed_has_others():
    images = draw(range(300), size=24).reshape(300, -1)
    assert len(np.unique(images, axis=0)) == 300
    assert not np.array_equal(draw(range(4), size=24), draw(range(4), seed=1, size=24))
    assert not np.array_equal(factors(range(20))["mouth"], factors(range(20), seed=1)["mouth"])


def test_pictures_are_uint8_of_the_asked_size_and_none_is_blank():
    for size in (16, 33, 64):
        images = draw(range(3), size=size)
        assert images.dtype == np.uint8
        assert images.shape == (3, size, size, 3)
        assert (images.std(axis=(1, 2)).max(axis=1) > 20).all()
    assert draw([], size=16).shape == (0, 16, 16, 3)


@pytest.mark.parametrize("small", [32, 64])
def test_a_face_is_the_same_picture_at_every_size(small):
    """Twice the size, averaged over 2 x 2 pixels, is the small picture but for thin lines."""
    large = draw(range(8), size=2 * small).astype(float)
    halved = large.reshape(8, small, 2, small, 2, 3).mean(axis=(2, 4))
    assert np.abs(halved - draw(range(8), size=small)).mean() < 5.0


def test_values_are_uniform_and_factors_independent():
    """Chi-square of every factor and of every pair, over 20,000 faces,
    far below what a bias would give.
    """
    n = 20_000
    values = factors(range(20_000))
    assert set(values) == set(FACTORS)
    for a, b in [*((name, None) for name in FACTORS), *itertools.combinations(FACTORS, 2)]:
        cells = len(FACTORS[a]) * (len(FACTORS[b]) if b else 1)
        joint = values[a] * (len(FACTORS[b]) if b else 1) + (values[b] if b else 0)
        counts = np.bincount(joint, minlength=cells)
        assert len(counts) == cells
        chi_square = ((counts - n / cells) ** 2).sum() / (n / cells)
        assert chi_square < cells + 6.0 * np.sqrt(2.0 * cells) + 8.0, (
            a,
            b,
        )  # 1 in 50,000 for 2 degrees of freedom


@pytest.mark.parametrize("name", FACTORS)
def test_every_value_can_be_seen(name):
    """Any two values of a factor differ in at least 0.15 % of the pixels, by 20 levels or more."""
    images = with_values(name)
    for i, j in itertools.combinations(range(len(images)), 2):
        seen = (np.abs(images[i] - images[j]).max(axis=-1) >= 20).mean()
        assert seen > 0.0015, (FACTORS[name][i], FACTORS[name][j])


# Rows and columns, in parts of the picture, outside which a factor may change nothing.
PLACES = {
    "eye_colour": (0.35, 0.85, 0.1, 0.9),
    "eye_shape": (0.3, 0.85, 0.1, 0.9),
    "mouth": (0.6, 0.95, 0.3, 0.7),
    "blush": (0.5, 0.95, 0.1, 0.9),
}


@pytest.mark.parametrize("name", PLACES)
def test_a_factor_changes_its_own_part_of_the_face_alone(name):
    top, bottom, left, right = (round(48 * share) for share in PLACES[name])
    for index in (1, FACE, 12):
        images = with_values(name, index)
        changed = (images != images[0]).any(axis=(0, 3))
        assert changed.any()
        changed[top:bottom, left:right] = False
        assert not changed.any()


def test_the_background_is_behind_the_face():
    """The middle of the face is the same before every background, the corner is not."""
    images = with_values("background", ornament="none", hair_style="short")
    assert (images[:, 16:36, 16:32] == images[0, 16:36, 16:32]).all()
    assert (images[:, :3, :3].mean(axis=(1, 2)).std(axis=0) > 5).all()


def test_edges_are_soft():
    """Along a row through the outline there are levels between those of its two sides."""
    levels = len(np.unique(draw([FACE], size=32)[0].reshape(-1, 3), axis=0))
    assert levels > 500


@pytest.mark.parametrize(
    ("number", "size", "corners"),
    [(96, 32, False), pytest.param(600, 64, True, marks=pytest.mark.slow)],
)
def test_windows_cut_nothing_off(number, size, corners, monkeypatch):
    """Each part is painted in a window of its own, to save time:
    the whole picture as window gives the same face
    (or its whole half, for what is painted left and right of the middle).

    Faces at the corners of the jitter, where all is as far out as it goes, found the rims of
    glasses that were cut.
    """
    uniform = drawn_faces._uniform
    window = canvas.Canvas.window
    if corners:
        monkeypatch.setattr(
            drawn_faces,
            "_uniform",
            lambda owner, indices, seed, purpose, count: (
                np.rint if purpose == "jitter" else np.asarray
            )(uniform(owner, indices, seed, purpose, count)),
        )
    expected = draw(range(number), size=size)
    monkeypatch.setattr(
        canvas.Canvas,
        "window",
        lambda canvas, left, right, top, bottom: window(
            canvas, -1.0 if left < 0.0 else 0.0, 1.0 if right > 0.0 else 0.0, -1.0, 1.0
        ),
    )
    np.testing.assert_array_equal(draw(range(number), size=size), expected)


def test_what_is_painted_with_a_face_changes_nothing_of_it():
    """Faces of a kind are painted together, and what none of them has is left out:
    not so in a mixed crowd.
    """
    values = factors(range(40))
    index = np.arange(40)
    mixed = draw(index, size=64)
    for k in range(0, 40, 5):
        alone = draw_factors(
            {name: value[k : k + 1] for name, value in values.items()}, [k], size=64
        )
        np.testing.assert_array_equal(alone[0], mixed[k])


def test_jitter_stays_when_a_factor_changes():
    """Another hair colour, and the eyes and the mouth keep every pixel that no hair covers."""
    images = with_values(
        "hair_colour", fringe="parted", ornament="none", hair_style="ponytail", size=64
    )
    cheek = images[:, 42:54, 26:38]
    assert (cheek == cheek[0]).all()
    assert (
        np.abs(images[:, 8:14, 28:36] - images[:1, 8:14, 28:36]).mean(axis=(1, 2, 3))[1:] > 10
    ).all()


@pytest.mark.parametrize("name", sorted(proportions.NUMBERS))
def test_every_jitter_can_be_seen(name, monkeypatch):
    """Without one of them some of 32 faces change."""
    numbers = proportions.numbers
    at = list(proportions.NUMBERS).index(name)

    def without(values, jitter):
        return numbers(values, np.where(np.arange(len(proportions.NUMBERS)) == at, 0.0, jitter))

    before = draw(range(32), size=32)
    monkeypatch.setattr(proportions, "numbers", without)
    assert (draw(range(32), size=32) != before).any()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"indices": [-1]}, "indices must be whole numbers"),
        ({"indices": [0.5]}, "indices must be whole numbers"),
        ({"indices": [[1]]}, "indices must be whole numbers"),
        ({"indices": [1], "size": 8}, "size must be"),
    ],
)
def test_wrong_arguments_are_told(arguments, words):
    with pytest.raises(ValueError, match=words):
        draw(**arguments)


def test_wrong_factors_are_told():
    own = factors([1, 2])
    with pytest.raises(ValueError, match="none for mouth"):
        draw_factors({name: value for name, value in own.items() if name != "mouth"}, [1, 2])
    with pytest.raises(ValueError, match=r"mouth must be whole numbers \[2\] from 0 to 4"):
        draw_factors({**own, "mouth": np.array([0, 5])}, [1, 2])


def test_the_docstring_lists_every_factor_and_value():
    for name, values in FACTORS.items():
        assert name in drawn_faces.__doc__
        for value in values:
            assert value in drawn_faces.__doc__


def test_factors_and_jitter_are_drawn_apart(monkeypatch):
    """Each has a name of its own and the number of the face's block;
    a third of the blocks' seeds.
    """
    asked = set()
    seed = drawn_faces.rng.seed

    def remembered(run_seed, purpose, step=0):
        asked.add((run_seed, purpose, step))
        return seed(run_seed, purpose, step)

    monkeypatch.setattr(drawn_faces.rng, "seed", remembered)
    draw([5, 300], seed=3, size=16)
    assert asked == {
        (3, f"drawn faces: {what}", block) for what in ("factors", "jitter") for block in (0, 1)
    }


def test_no_jitter_hangs_on_a_factor():
    count = 4096
    values = factors(range(count))
    jitter = drawn_faces._uniform("test", range(count), 0, "jitter", len(proportions.NUMBERS))
    table = np.corrcoef(np.stack(list(values.values())), jitter.T)
    np.fill_diagonal(table, 0.0)
    assert np.abs(table).max() < 5.0 / np.sqrt(count)
