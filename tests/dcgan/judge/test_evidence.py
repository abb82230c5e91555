"""The evidence holds nothing that was learnt from, the spoilt sets are spoilt as said,
and faults are detected.
"""

import dataclasses
import hashlib

import numpy as np
import pytest
import tiny_faces
from PIL import Image

from dcgan.config import PRESETS, Config
from dcgan.data import faces
from dcgan.drawn import drawn_faces
from dcgan.generation import pretrained
from dcgan.judge import evidence, factor_classifier
from gan_core.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow


def run_of(tmp_path, **fields):
    """A run folder that says what it learnt from, with nothing else in it."""
    config = Config(**{"size": 32, "seed": 4, "run": tmp_path / "run", **fields})
    return RunFolder.create(tmp_path / "run", dataclasses.asdict(config)).path


def scenes(seed, n, size=32):
    draw = np.random.default_rng(seed)
    blocks = draw.uniform(80, 140, [n, 4, 4, 3]).repeat(size // 4, 1).repeat(size // 4, 2)
    return (blocks + draw.uniform(0, 30, [n, size, size, 3])).astype(np.uint8)


def keys(images):
    """Hashes, for a set of whole pictures keeps a failing test busy for minutes."""
    return {hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images}


def folder_of(tmp_path, n):
    """n pictures, and the array that `faces.load` makes of them."""
    (tmp_path / "faces").mkdir()
    images = scenes(0, n)
    for i, image in enumerate(images):
        Image.fromarray(image).save(tmp_path / "faces" / f"{i:04d}.png")
    return tmp_path / "faces", images


# The evidence


def test_drawn_faces_for_judging_were_not_learnt_from(tmp_path):
    run = run_of(tmp_path, drawn=50, flip=False)
    proof = evidence.evidence(run, n=20, size=32)
    assert proof.drawn
    learnt, _ = faces.split(50, 4)
    np.testing.assert_array_equal(proof.training, drawn_faces.draw(learnt, seed=4, size=32))
    assert [len(one) for one in (proof.reference, *proof.others)] == [20] * 7
    held = [keys(one) for one in (proof.reference, *proof.others)]
    assert len(set.union(*held)) == 140  # no face twice
    assert not keys(proof.training) & set.union(*held)


def test_the_packages_own_is_judged_by_what_its_file_says_it_learnt_from(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FILE", tmp_path / "own.npz")

    def keep(learnt_from):
        pretrained.save(
            tiny_faces.network(),
            pretrained.FILE,
            size=32,
            width=2,
            latent_dim=7,
            learnt_from=learnt_from,
            overwrite=True,
        )

    keep({"drawn": 50, "seed": 4, "flip": True})
    proof = evidence.evidence(n=20, size=32)
    learnt = faces.split(50, 4)[0]
    np.testing.assert_array_equal(proof.training, drawn_faces.draw(learnt, seed=4, size=32))
    assert proof.mirrored
    keep(None)
    with pytest.raises(
        ValueError, match=r"judging: run must be named \(the package's own learnt from faces"
    ):
        evidence.evidence(n=20, size=32)


def test_a_runs_own_faces_are_split_as_training_splits_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the cache goes
    monkeypatch.setattr(evidence, "FEWEST", 1)
    folder, images = folder_of(tmp_path, 120)
    proof = evidence.evidence(run_of(tmp_path, data=folder, flip=False), n=1000, size=32)
    learnt, aside = faces.split(120, 4)
    np.testing.assert_array_equal(proof.training, images[learnt])
    assert not proof.drawn
    assert len(proof.reference) == len(proof.others[5]) == len(aside) // 7 == 1
    held = np.concatenate([proof.reference, *proof.others])
    assert keys(held) <= keys(images[aside])
    assert len(keys(held)) == 7


def test_other_faces_have_no_labels_of_drawn_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evidence, "FEWEST", 1)
    folder, images = folder_of(tmp_path, 120)
    run = run_of(tmp_path, drawn=3000, labels="hair", flip=False)
    proof = evidence.evidence(run, folder, n=1000, size=32)
    np.testing.assert_array_equal(proof.training, images[faces.split(120, 4)[0]])


def test_the_sets_to_judge_by_are_not_in_the_order_of_the_files(tmp_path, monkeypatch):
    """Files are often named in the order of years: sets of neighbours would differ among them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(evidence, "FEWEST", 1)
    folder, images = folder_of(tmp_path, 210)
    proof = evidence.evidence(run_of(tmp_path, data=folder, flip=False), n=3, size=32)
    _, aside = faces.split(210, 4)
    held = np.concatenate([proof.reference, *proof.others])
    assert keys(held) == keys(images[aside])
    numbers = [int((images == one).all((1, 2, 3)).argmax()) for one in held]
    assert numbers != sorted(numbers)
    assert keys(proof.reference) != keys(images[aside][:3])


def test_fresh_faces_are_beyond_all_that_anyone_learns_from_by_default():
    most = max(config.drawn for config in (Config(), *PRESETS.values()))
    assert max(most, factor_classifier.HELD_ASIDE) + 100_000 < evidence.FRESH
    assert most < factor_classifier.HELD_ASIDE


def test_data_may_have_moved_and_must_be_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder, images = folder_of(tmp_path, 80)
    with pytest.raises(
        ValueError, match=r"judging: data must be 1,400 faces or more, of which a tenth.* got 80"
    ):
        evidence.evidence(run_of(tmp_path), folder, n=100, size=32)
    monkeypatch.setattr(evidence, "FEWEST", 1)
    assert keys(evidence.evidence(tmp_path / "run", folder, n=100, size=32).training) < keys(
        images
    ) | keys(images[:, :, ::-1])


def test_where_training_mirrors_so_does_the_evidence(tmp_path):
    run = run_of(tmp_path, drawn=50, flip=True)
    proof = evidence.evidence(run, n=20, size=32)
    plain = drawn_faces.draw(evidence.FRESH + np.arange(140), seed=4, size=32)
    held = np.concatenate([proof.reference, *proof.others])
    turned = [not np.array_equal(a, b) for a, b in zip(held, plain, strict=True)]
    assert 40 < sum(turned) < 100
    np.testing.assert_array_equal(held[turned], plain[turned][:, :, ::-1])
    indices, far = proof.nearest(proof.training[:3, :, ::-1])
    assert far.tolist() == [[0.0]] * 3  # a mirrored copy is a copy
    assert indices[:, 0].tolist() == [45, 46, 47]


# The spoilt sets and the verdicts


@pytest.fixture(scope="module")
def proof():
    sets = scenes(1, 800)
    return evidence.Evidence(
        sets[:100], sets[100:200], tuple(sets[200 + i * 100 : 300 + i * 100] for i in range(6))
    )


def test_each_set_is_spoilt_as_its_name_says(proof):
    real = proof.others[0].astype(float)
    found = evidence.spoilt(proof, seed=0)
    assert {(images.shape, images.dtype) for images in found.values()} == {
        (real.shape, np.dtype(np.uint8))
    }

    def roughness(images):
        return np.abs(np.diff(images.astype(float), axis=1)).mean()

    assert roughness(found["blurred"]) < 0.8 * roughness(real)
    np.testing.assert_allclose(found["blurred"].mean((1, 2)), real.mean((1, 2)), atol=3.0)
    np.testing.assert_allclose((found["noisy"] - real).std(), 10.0, rtol=0.1)
    np.testing.assert_allclose(
        (found["colours off"] - real).mean((0, 1, 2)), [10, 0, -10], atol=1.0
    )
    two = np.concatenate(proof.others[:2])
    light = two.mean((1, 2, 3))
    assert keys(found["light half only"]) == keys(two[light > np.median(light)])
    assert len(keys(found["50 faces only"])) == 50
    assert keys(found["50 faces only"]) < keys(proof.others[0])
    assert keys(found["training faces"]) <= keys(proof.training)
    assert len(keys(found["training faces"])) == 100


def test_what_the_measures_find_out_and_what_they_miss(proof):
    floor = evidence.floors(proof, seed=0)
    spoilt = evidence.spoilt(proof, seed=0)
    found = {
        name: evidence.detected(evidence.measure(spoilt[name], proof, seed=0), floor)
        for name in ("blurred", "colours off", "training faces")
    }
    assert (
        list(floor)
        == ["patches 32", "patches 16", "MMD", "MS-SSIM", "% nearer"]
        == list(found["blurred"])
    )
    assert found["blurred"]["patches 32"]
    assert found["colours off"]["patches 16"]
    assert not found["colours off"]["patches 32"]
    assert [name for name, out in found["training faces"].items() if out] == ["% nearer"]
    again = evidence.measure(proof.others[2], proof, seed=0)
    assert not any(evidence.detected(again, floor).values())


def test_the_floor_is_the_mean_and_spread_over_the_real_sets(proof, monkeypatch):
    monkeypatch.setattr(
        evidence,
        "measure",
        lambda images, *_, **__: {"light": float(images.mean()), "% nearer": 7.0},
    )
    floor = evidence.floors(proof, seed=0)
    values = [images.mean() for images in proof.others]
    assert floor["light"] == pytest.approx((np.mean(values), np.std(values, ddof=1)))
    assert floor["% nearer"] == pytest.approx((1.0, 100 * np.sqrt(2 * 0.01 * 0.99 / 100)))
    few = dataclasses.replace(proof, reference=proof.reference[:20])
    assert evidence.floors(few, seed=0)["% nearer"][0] == pytest.approx(100 / 21)


def test_detected_is_five_spreads_off_either_way():
    floor = {"a": (10.0, 1.0)}
    assert [
        evidence.detected({"a": value}, floor)["a"] for value in (4.9, 5.1, 10.0, 14.9, 15.1)
    ] == [True, False, False, False, True]
