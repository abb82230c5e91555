"""The judge of pixels: one walk through a set gives what each measure gives by itself."""

import numpy as np
import pytest

from dcgan.drawn import drawn_faces
from dcgan.measures import distances, pyramid, texture
from dcgan.measures.names import GRID, PIXELS, SPECTRUM, WHITENED, WHOLE
from dcgan.measures.pixel_judge import PixelJudge, level_name

pytestmark = pytest.mark.slow

SEED = 3


@pytest.fixture(scope="module")
def faces():
    return drawn_faces.draw(range(150), size=32)


@pytest.fixture(scope="module")
def judge(faces):
    return PixelJudge(faces[:50], faces[50:100], seed=SEED)


def each_by_itself(real, fake):
    levels = distances.patches_and_whole(real, fake, seed=SEED)
    return {
        **{level_name(level): value for level, value in levels.items()},
        WHITENED: texture.whitened_patches(real, fake, seed=SEED),
        SPECTRUM: texture.spectrum_distance(real, fake),
        GRID: texture.grid_pattern(fake),
    }


def test_one_walk_gives_what_each_measure_gives_by_itself(judge, faces):
    """Sets of any number, in any order: nothing of one set is left when the next is measured."""
    for fake in (faces[100:], faces[90:97], 255 - faces[100:], faces[100:]):
        found = judge.measure(fake)
        wanted = each_by_itself(faces[:50], fake)
        assert found == pytest.approx(wanted, rel=1e-9)
        assert list(found) == list(wanted)
    assert {PIXELS, WHOLE, "patches at 32 pixels", "patches at 16 pixels"} < set(found)


def test_the_floor_is_that_of_further_real_faces(judge, faces):
    assert judge.floor == judge.measure(faces[50:100])
    kept = PixelJudge(faces[:50], faces[50:100], seed=SEED, floor={"kept": 1.0})
    assert kept.floor == {"kept": 1.0}


def test_the_pictures_are_left_as_they_were(faces):
    before = faces.copy()
    PixelJudge(faces[:50], faces[50:100]).measure(faces[100:])
    np.testing.assert_array_equal(faces, before)


def test_a_walk_computes_every_level_once(judge, faces, monkeypatch):
    seen = []
    of_images = pyramid.laplacian_pyramid

    def counted(images):
        seen.append(len(images))
        return of_images(images)

    monkeypatch.setattr(pyramid, "laplacian_pyramid", counted)
    judge.measure(faces)
    assert seen == [100, 50]


def test_what_is_no_set_of_such_faces_is_told(judge, faces):
    for wrong in (faces[:0], faces.astype(np.float32), faces[:, :16, :16], faces[0]):
        with pytest.raises(ValueError, match="PixelJudge: fake must be"):
            judge.measure(wrong)
