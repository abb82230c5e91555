"""Every measure beside its floor, and the combined figure, on faces that the test makes.

The network here is a stand-in: means and roughness of blocks, so that it sees texture as
EfficientNet does, in milliseconds.
"""

import math

import numpy as np
import pytest

from dcgan.drawn import drawn_faces
from dcgan.measures import distances
from dcgan.measures.features import face_judge, frechet
from dcgan.measures.features.face_judge import FaceJudge
from dcgan.measures.names import FRECHET, PIXELS
from dcgan.measures.pixel_judge import over_the_floor

pytestmark = pytest.mark.slow

N = 100


def blocks(images):
    """[N, 2, 2, 3] means of blocks of 32 pixels and mean absolute steps between neighbours
    there.
    """
    x = np.asarray(images, np.float64) / 255.0
    steps = np.abs(np.diff(x, axis=2, append=x[:, :, -1:]))
    parts = [
        part.reshape(len(x), 2, 32, 2, 32, 3).mean(axis=(2, 4)).reshape(len(x), -1)
        for part in (x, 4.0 * steps)
    ]
    return np.concatenate(parts, axis=1)


@pytest.fixture(scope="module")
def drawn():
    return drawn_faces.draw(range(4 * N), seed=3, size=64)


@pytest.fixture(scope="module")
def jury(drawn):
    return FaceJudge(drawn[:N], drawn[N : 2 * N], blocks)


def to_uint8(x):
    return np.clip(np.round(x), 0, 255).astype(np.uint8)


def soft(faces):
    """What a good generator makes: every face, a little blurred to one side."""
    x = faces.astype(float)
    return to_uint8((x + 0.3 * np.roll(x, 1, axis=2)) / 1.3)


def woven(faces):
    """A faint checkerboard over every face, which patches of pixels hardly notice."""
    board = np.indices([64, 64]).sum(axis=0) % 2 * 2 - 1
    return to_uint8(faces + 8.0 * board[np.newaxis, :, :, np.newaxis])


def collapsed(faces):
    """Good texture, but three faces over and over."""
    return faces[np.arange(N) % 3]


def test_better_woven_and_collapsed_come_out_in_this_order(jury, drawn, monkeypatch):
    monkeypatch.setattr(jury, "thorough", False)  # MMD and MS-SSIM do not decide
    real = drawn[2 * N : 3 * N]
    rows = [jury.measure(spoil(real)) for spoil in (np.array, soft, woven, collapsed)]
    values = [jury.combined(row) for row in rows]
    assert 0.5 < values[0] < 2.0
    assert values == sorted(values)
    assert rows[3][FRECHET] < rows[2][FRECHET]  # features alone prefer the collapsed faces
    assert rows[2][PIXELS] < rows[1][PIXELS]  # pixels alone prefer the woven ones
    assert rows[3]["recall"] < 0.5 * jury.floor["recall"]


def test_each_kind_alone_is_fooled_where_the_other_is_not():
    """The figures of three real sets: features alone prefer the collapsed,
    pixels alone miss weave.
    """
    floor = {FRECHET: 64.5, PIXELS: 33.3}
    better = {FRECHET: 467.4, PIXELS: 53.2}
    woven_faces = {FRECHET: 680.0, PIXELS: 87.8}
    collapsed_faces = {FRECHET: 348.4, PIXELS: 201.6}
    assert collapsed_faces[FRECHET] < better[FRECHET]
    values = [
        over_the_floor(row, floor, FaceJudge.decides)
        for row in (better, woven_faces, collapsed_faces)
    ]
    assert values == sorted(values)
    assert values[0] == pytest.approx(math.sqrt(467.4 / 64.5 * 53.2 / 33.3))


def test_the_figures_are_those_of_the_measures(jury, drawn):
    real = drawn[:N]
    fake = collapsed(drawn[2 * N :])
    row = jury.measure(fake)
    assert {FRECHET, PIXELS, *face_judge.BETTER} <= set(row)
    assert list(row) == list(jury.floor)
    assert row[FRECHET] == frechet.frechet(blocks(real), blocks(fake))
    assert row["KID"] == frechet.kid(blocks(fake), blocks(real))
    assert row[PIXELS] == distances.patches_and_whole(real, fake, seed=0)["mean"]
    assert row["MS-SSIM of pairs"] > jury.floor["MS-SSIM of pairs"]
    assert jury.combined(jury.floor) == 1.0


def test_real_and_fake_are_not_exchanged(drawn):
    """Three faces as the real ones, many as the fakes: precision is low and recall is high."""
    jury = FaceJudge(collapsed(drawn), drawn[N : 2 * N], blocks, thorough=False)
    assert jury.floor["precision"] < 0.2
    with_three = FaceJudge(drawn[:N], collapsed(drawn), blocks, thorough=False)
    assert with_three.floor["precision"] == 1.0
    assert with_three.floor["recall"] < 0.5


def test_another_number_of_faces_is_refused(jury, drawn):
    """The distance depends on n, so sets of another size cannot be held against the floor."""
    with pytest.raises(ValueError, match="FaceJudge: fake must be 100 faces"):
        jury.measure(drawn[: N - 1])
