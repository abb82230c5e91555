"""Chapter 13: each formula against NumPy, and a small game whose labels are obeyed."""

from types import SimpleNamespace

import chapters
import numpy as np
import pytest
import tensorflow as tf

from dcgan import ch13_asking_for_a_face as chapter
from dcgan.drawn import drawn_faces
from dcgan.generation import trained_generator
from dcgan.judge import factor_classifier
from dcgan.judge.factor_classifier import FactorClassifier
from gan_core import averaging, data, latent, rng
from gan_core.nn.conditional import WithEmbedding
from gan_core.nn.dense import Dense

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch13_asking_for_a_face"
SMALL = {
    "--plane-rounds": "2",
    "--seeds": "1",
    "--faces": "128",
    "--width": "2",
    "--rounds": "2",
    "--short-rounds": "2",
    "--batch": "4",
    "--counted": "64",
    "--mode": "eager",
}
PICTURES = {
    "unasked.png",
    "parts.png",
    "ring.png",
    "asked.png",
    "asked_and_read.png",
    "spread.png",
    "corners.png",
}


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_a_few_steps_as_a_script_and_draws(monkeypatch, tmp_path, capsys):
    """With an untrained classifier, and a stand-in for the package's generator: both have tests."""
    values = {name: drawn_faces.FACTORS[name] for name in chapter.READ}
    reader = FactorClassifier(values, size=32, seed=0, width=2)
    monkeypatch.setattr(factor_classifier, "fit_classifier", lambda *args, **options: reader)
    monkeypatch.setattr(averaging, "SETTLING_BLOCKS", 1)  # a quarter; the averages are no good yet
    stand_in = SimpleNamespace(sample=lambda n, seed: drawn_faces.draw(range(n), seed=seed))
    monkeypatch.setattr(trained_generator, "load", lambda: stand_in)
    arguments = [word for pair in SMALL.items() for word in pair]
    names = chapters.run_as_script(MODULE, monkeypatch, *arguments, "--out", str(tmp_path))
    assert {file.name for file in tmp_path.iterdir()} == PICTURES
    assert names["shares"].sum(axis=1) == pytest.approx(np.ones(8))
    said = capsys.readouterr().out
    for words in ("Table 13.1", "Table 13.3", "read correctly", "class (blonde 2, black 1)"):
        assert words in said


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--rounds", "0"), "--rounds must be a whole number from 1 to 1000000, got 0"),
        (("--batch", "5000"), "--batch must be a whole number from 2 to 4096, got 5000"),
        (("--counted", "8"), "--counted must be"),
        (("--seeds", "0"), "--seeds must be"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flags, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, *flags)


# ------------------------------------------------------------ the conditional game


def densities(seed, labels=3, cells=40):
    """Random densities of each label on a grid of cells of width 0.5."""
    raw = np.random.default_rng(seed).uniform(0.1, 1.0, [labels, cells])
    return raw / (0.5 * raw.sum(axis=1, keepdims=True))


def kl(p, q):
    return 0.5 * np.sum(p * np.log(p / q))


@pytest.mark.parametrize("seed", range(3))
def test_the_value_is_a_mean_of_divergences_over_labels(seed):
    """Equation (13.3)."""
    real = densities(seed)
    fake = densities(seed + 100)
    share = np.array([0.2, 0.3, 0.5])
    js = []
    for p, q in zip(real, fake, strict=True):
        middle = (p + q) / 2
        js.append(kl(p, middle) / 2 + kl(q, middle) / 2)
    wanted = -np.log(4) + 2 * share @ js
    assert chapter.value_of_pairs(real, fake, share, share, 0.5) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(3))
def test_no_discriminator_of_pairs_does_better(seed):
    """Equation (13.2): V of D* is what the chapter computes, and that of any other D is less."""
    real = densities(seed)
    fake = densities(seed + 100)
    share = np.array([0.2, 0.3, 0.5])

    def value(d):
        return 0.5 * np.sum(share[:, None] * (real * np.log(d) + fake * np.log(1 - d)))

    best = real / (real + fake)
    assert chapter.value_of_pairs(real, fake, share, share, 0.5) == pytest.approx(value(best))
    draw = np.random.default_rng(seed)
    for _ in range(20):
        other = np.clip(best + draw.normal(0, 0.05, best.shape), 0.01, 0.99)
        assert value(other) < value(best)


def test_labels_of_other_frequencies_cost_their_own_divergence():
    """The common mistake of section 13.1: a perfect G, whose labels come too often or too seldom."""
    real = densities(0, labels=2)
    p = np.array([0.5, 0.5])
    r = np.array([0.8, 0.2])
    middle = (p + r) / 2
    js = np.sum(p * np.log(p / middle) + r * np.log(r / middle)) / 2
    wanted = -np.log(4) + 2 * js
    assert chapter.value_of_pairs(real, real, p, r, 0.5) == pytest.approx(wanted)


def test_a_d_without_labels_sees_the_mixture():
    rows = {name: (float(x), float(xy)) for name, x, xy in chapter.four_generators()}
    smallest = pytest.approx(-np.log(4), abs=1e-3)
    assert rows["perfect"] == (smallest, smallest)
    assert rows["ignores its label"][0] == smallest
    assert rows["ignores its label"][1] > -1.1
    assert rows["exchanges the labels"][0] == smallest
    assert rows["exchanges the labels"][1] > -0.2


# ------------------------------------------------------------ how D is told


def test_concatenation_moves_the_bias_of_the_first_layer():
    """Equation (13.4)."""
    joined = WithEmbedding(3, 4, seed=0)
    dense = Dense(2 + 4, 5, seed=1)
    z = rng.normal([6, 2], rng.seed(0, "z")).numpy()
    y = np.array([0, 1, 2, 0, 1, 2])
    variables = [variable.numpy() for variable in dense.trainable_variables]
    bias, kernel = sorted(variables, key=np.ndim)
    moved = bias + joined.embedding.table.numpy() @ kernel[2:]
    np.testing.assert_allclose(dense(joined(z, y)), z @ kernel[:2] + moved[y], atol=1e-5)


def normal_density(x, mean, sd):
    return np.exp(-np.sum((x - mean) ** 2, axis=1) / (2 * sd**2)) / (2 * np.pi * sd**2)


@pytest.fixture(scope="module")
def normals():
    """Points, and the densities of each label there, real and generated: [3, n]."""
    x = np.random.default_rng(0).normal(0, 1.2, [50, 2])
    real = [normal_density(x, np.array(mean), chapter.REAL_SD) for mean in chapter.REAL_MEANS]
    fake = [normal_density(x, np.array(mean), chapter.FAKE_SD) for mean in chapter.FAKE_MEANS]
    return x, np.stack(real), np.stack(fake)


@pytest.mark.parametrize("label", range(3))
def test_the_log_odds_are_class_part_and_marginal_part(label, normals):
    """Equations (13.5) and (13.8)."""
    x, real, fake = normals
    exact = np.log(real[label] / fake[label])
    class_part = np.log(real[label] / real.sum(axis=0)) - np.log(fake[label] / fake.sum(axis=0))
    marginal_part = np.log(real.sum(axis=0) / fake.sum(axis=0))
    np.testing.assert_allclose(class_part + marginal_part, exact, rtol=1e-9)
    np.testing.assert_allclose(chapter.exact_log_odds(x, label), exact, rtol=1e-9)


def test_class_probabilities_of_normals_are_a_softmax(normals):
    """Equation (13.6), with v = (mu / s^2, -|mu|^2 / 2 s^2); then (13.7) and (13.9)."""
    x, real, fake = normals
    phi = np.concatenate([x, np.ones([len(x), 1])], axis=1)
    logs = {}
    for name, means, sd, density in (
        ("real", chapter.REAL_MEANS, chapter.REAL_SD, real),
        ("fake", chapter.FAKE_MEANS, chapter.FAKE_SD, fake),
    ):
        means = np.array(means)
        squares = np.sum(means**2, axis=1, keepdims=True)
        vectors = np.concatenate([means / sd**2, -squares / (2 * sd**2)], axis=1)
        scores = np.exp(phi @ vectors.T)
        wanted = density.T / density.T.sum(axis=1, keepdims=True)
        np.testing.assert_allclose(scores / scores.sum(axis=1, keepdims=True), wanted, rtol=1e-7)
        logs[name] = (vectors, np.log(scores.sum(axis=1)))
    np.testing.assert_allclose(
        chapter.class_vectors(), logs["real"][0] - logs["fake"][0], rtol=1e-5
    )
    marginal = np.log(real.sum(axis=0) / fake.sum(axis=0))
    wanted = marginal - logs["real"][1] + logs["fake"][1]
    found = chapter.psi(tf.constant(phi, tf.float32)).numpy()[:, 0]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def test_the_layer_with_these_values_is_the_best_discriminator():
    assert chapter.compare_with_densities(200) < 1e-5


# ------------------------------------------------------------ variances


def test_the_share_between_labels_is_what_the_law_of_total_variance_leaves():
    """Equation (13.11)."""
    h = rng.normal([60, 4], rng.seed(0, "h")).numpy() + np.arange(60)[:, None] % 3
    labels = np.arange(60) % 3
    within = np.mean([np.var(h[labels == y], axis=0) for y in range(3)], axis=0)
    wanted = 1 - within.sum() / np.var(h, axis=0).sum()
    assert chapter.share_between_labels(h, labels) == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize("label_share", [1.0, 1 / 16])
def test_the_label_is_as_loud_as_it_is_told_to_be(label_share):
    """Equation (13.12), as a mean over drawn tables."""
    found = [chapter.share_at_the_start(label_share, 100, seed) for seed in range(3)]
    among_eight = label_share * 7 / 8
    noise = 0.01  # 100 samples of a label have means of their own
    assert np.mean(found) == pytest.approx(among_eight / (1 + among_eight) + noise, rel=0.15)


# ------------------------------------------------------------ games and measures


def test_labels_are_obeyed_where_d_sees_them():
    config = chapter.Config(plane_rounds=300)
    sampler = data.stream(chapter.labelled_ring, 128, 0)
    trainer = chapter.play_in_the_plane(config, sampler, latent.Classes(8), 8, "projection", 0)
    points, asked = chapter.ask_for_all(trainer, 8, each=50)
    assert np.mean(chapter.nearest(points, chapter.ring_of_centres()) == asked) > 0.95


def test_the_same_seed_gives_the_same_z_for_every_label():
    config = chapter.Config(width=2, mode="eager")
    trainer = chapter.face_trainer(config, np.arange(8)[:, np.newaxis], rounds=1)
    for variable in trainer.average.model.variables:
        if "table" in variable.name:
            variable.assign(tf.zeros_like(variable))
    black = chapter.ask(trainer, 0, 3, seed=4)
    assert black.shape == (3, 32, 32, 3)
    np.testing.assert_array_equal(black, chapter.ask(trainer, 5, 3, seed=4))
    assert np.any(black[0] != black[1])


def test_corners_come_as_often_as_said():
    x, y = chapter.corner_data(0.2)(20_000, rng.seed(0, "corners"))
    corner = 2 * y.numpy()[:, 0] + y.numpy()[:, 1]
    np.testing.assert_allclose(np.bincount(corner) / 20_000, [0.4, 0.1, 0.1, 0.4], atol=0.015)
    np.testing.assert_array_equal(chapter.nearest(x.numpy(), np.array(chapter.CORNERS)), corner)


def test_measures_by_hand():
    shares = chapter.table_of_shares(np.array([[0, 0, 1, 0], [1, 1, 1, 1]]))
    np.testing.assert_array_equal(shares, [[0.75, 0.25], [0.0, 1.0]])
    assert chapter.same_background(np.array([[0, 1], [0, 2], [0, 1]])) == pytest.approx(4 / 6)
    faces = np.zeros([2, 2, 4, 4, 3], np.uint8)
    faces[0, 1] = 20  # sd 10 within the first label, 0 within the second
    assert chapter.spread_of_faces(faces) == pytest.approx(5.0)
    points = np.array([[0.0, 0.0], [2.0, 0.0], [5.0, 5.0]])
    assert chapter.spread_within(points, np.array([0, 0, 1])) == pytest.approx(0.25)
    assert chapter.mean_and_error([1.0, 3.0]) == "2.00 ± 1.00"
    assert chapter.mean_and_error([1.0], 0) == "1"
