"""python -m dcgan judge --compare: the tables, the file, and what correlates with what."""

import io

import numpy as np
import pytest
from rich.console import Console

from dcgan.drawn import drawn_faces
from dcgan.judge import comparison, report
from dcgan.judge.command import Judge
from dcgan.judge.comparison import COMBINED, Comparison
from dcgan.measures import texture
from dcgan.measures.features import efficientnet
from dcgan.measures.features.face_judge import MS_SSIM
from dcgan.measures.names import FRECHET, GRID, PIXELS, SPECTRUM

SETS = 4


def blocks(images):
    x = np.asarray(images, np.float64) / 255.0
    side = x.shape[1] // 4
    return x.reshape(len(x), 4, side, 4, side, 3).mean(axis=(2, 4)).reshape(len(x), -1)


@pytest.fixture(scope="module")
def drawn():
    return drawn_faces.draw(range(400 + 40 * SETS), seed=1, size=32)


@pytest.fixture
def folder(drawn, tmp_path, monkeypatch):
    """Real faces, and sets of faces that are the darker the later they come."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(efficientnet, "load", lambda: blocks)
    np.save(tmp_path / "real.npy", drawn[:400])
    for i in range(SETS):
        some = drawn[400 + 40 * i : 440 + 40 * i]
        np.save(tmp_path / f"{i}.npy", np.uint8(some * (1.0 - 0.2 * i)))
    return tmp_path


def asked(folder, **changes):
    paths = tuple(folder / f"{i}.npy" for i in range(SETS))
    options = {"data": folder / "real.npy", "compare": paths, "size": 32, "n": 40}
    return Judge(**options | changes)


@pytest.mark.slow
def test_sets_are_ranked_and_every_figure_is_written(folder):
    text = io.StringIO()
    found = report.judge(asked(folder, out=folder / "a.csv"), Console(file=text, width=160))
    names = [str(folder / f"{i}.npy") for i in range(SETS)]
    assert sorted(found, key=found.get) == names
    said = text.getvalue()
    assert "n = 40 each" in said
    assert f"Rank correlation (Spearman) over {SETS} sets" in said
    written = comparison.read(folder / "a.csv")
    assert [row[COMBINED] for row in written.rows.values()] == list(found.values())
    assert written.floor[COMBINED] == 1.0
    images = np.load(folder / "2.npy")
    held_out = report.real_faces(
        report.Config(data=folder / "real.npy", size=32, flip=False), None, n=40, size=32
    )
    row = written.rows[names[2]]
    assert row[SPECTRUM] == texture.spectrum_distance(held_out.reference, images)
    assert row[GRID] == texture.grid_pattern(images)
    line = next(line for line in said.splitlines() if line.strip(" │┃").startswith(PIXELS + " "))
    assert "1.00" in line  # darker and darker: both rank the sets alike


@pytest.mark.slow
def test_what_is_there_is_kept_and_small_sets_are_told(folder):
    (folder / "a.csv").write_text("mine")
    with pytest.raises(ValueError, match=r"a.csv exists already"):
        report.judge(asked(folder, out=folder / "a.csv"))
    np.save(folder / "3.npy", np.load(folder / "3.npy")[:39])
    with pytest.raises(ValueError, match=r"compare must be sets of at least n = 40 faces"):
        report.judge(asked(folder), Console(file=io.StringIO()))


@pytest.mark.parametrize(
    ("changes", "words"), [({"data": None}, "data must"), ({"out": "a.png"}, "out must .*csv")]
)
def test_wrong_arguments_are_told(changes, words, tmp_path):
    with pytest.raises(ValueError, match=f"Judge: {words}"):
        Judge(**{"compare": (tmp_path,), "data": tmp_path} | changes)


def test_a_measure_that_is_best_as_in_real_faces_counts_both_ways():
    floor = {COMBINED: 1.0, FRECHET: 1.0, MS_SSIM: 0.2, PIXELS: 4.0}
    values = [0.1, 0.2, 0.4, 0.3]
    rows = {
        str(i): {COMBINED: 1.0, FRECHET: 1.0, MS_SSIM: value, PIXELS: 8.0}
        for i, value in enumerate(values)
    }
    found = Comparison(rows, floor)
    np.testing.assert_allclose(found.errors(MS_SSIM), np.log([2.0, 1.0, 2.0, 1.5]))
    np.testing.assert_array_equal(found.errors(PIXELS), [8.0] * 4)
    np.testing.assert_allclose(found.of_several((PIXELS, MS_SSIM))[2], 2.0)
