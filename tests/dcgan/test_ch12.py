"""Chapter 12: what it derives holds, and its script trains, judges and draws."""

import chapters
import numpy as np
import pytest
import tensorflow as tf

from dcgan import ch12_modern_gan as chapter
from dcgan.architectures import modern
from dcgan.drawn import drawn_faces
from dcgan.judge import factor_classifier
from dcgan.judge.factor_classifier import FactorClassifier
from gan_core import losses

pytestmark = pytest.mark.slow

MODULE = "dcgan.ch12_modern_gan"
LOG_2 = np.log(2.0)


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_the_values_of_the_three_states_are_those_computed_by_hand():
    found = chapter.values_of_states()
    collapsed = (np.log(1 / 3) + 2 * np.log(2 / 3)) / 4
    wanted = {
        "collapsed": (collapsed, -LOG_2 / 2, -LOG_2 / 2),
        "on the way": (-LOG_2 / 2, -LOG_2 / 2, -LOG_2 / 4),
        "both modes": (-LOG_2, -LOG_2, -LOG_2),
    }
    for state, values in wanted.items():
        assert tuple(found[state].values()) == pytest.approx(values, abs=5e-4)


def test_the_walk_has_a_hill_but_for_fixed_pairs():
    places, values = chapter.walk_between_modes(width=0.3, cost=0.01, points=21)
    assert (places[0], places[-1]) == (-1.0, 1.0)
    steps = {game: np.diff(curve) for game, curve in values.items()}
    assert np.all(steps["fixed pairs"] < 1e-9)
    assert steps["separate"][0] > 0.01
    assert steps["all pairs"][0] > 0.01


def sigmoid(t):
    return 1.0 / (1.0 + np.exp(-t))


def test_the_derivatives_of_the_relativistic_loss():
    """-sigma(b - a) / n with respect to a in D's loss, -sigma(a - b) / n to b in G's; 12.3."""
    a = tf.constant([0.5, -1.0, 2.0])
    b = tf.constant([1.0, -0.3, -2.0])
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([a, b])
        d_loss = losses.relativistic_discriminator_loss(a, b)
        g_loss = losses.relativistic_generator_loss(a, b)
        shifted = losses.relativistic_discriminator_loss(a + 5.0, b + 5.0)
    a_ = a.numpy()
    b_ = b.numpy()
    np.testing.assert_allclose(tape.gradient(d_loss, a), -sigmoid(b_ - a_) / 3, rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(g_loss, b), -sigmoid(a_ - b_) / 3, rtol=1e-5)
    assert float(shifted) == pytest.approx(float(d_loss), rel=1e-5)


def test_the_parabola_descends_on_its_loss():
    """Equation (12.5), differentiated numerically at every tenth step."""
    theta = 1.5
    gamma_1 = 0.7
    gamma_2 = 0.3

    def loss(u, v):
        margin = 0.5 * theta * (u + v)
        return np.logaddexp(0.0, margin) + 0.5 * gamma_1 * u**2 + 0.5 * gamma_2 * v**2

    u, v = chapter.train_parabola(theta, gamma_1, gamma_2, 50, step_size=0.1)
    for k in range(0, 50, 10):
        by_u = (loss(u[k] + 1e-6, v[k]) - loss(u[k] - 1e-6, v[k])) / 2e-6
        by_v = (loss(u[k], v[k] + 1e-6) - loss(u[k], v[k] - 1e-6)) / 2e-6
        assert u[k + 1] == pytest.approx(u[k] - 0.1 * by_u, abs=1e-8)
        assert v[k + 1] == pytest.approx(v[k] - 0.1 * by_v, abs=1e-8)


def test_a_parabola_rises_by_its_mean_slope():
    """D(theta) - D(0) = theta (u + v) / 2, and the slopes are u and v."""
    u = 0.3
    v = -1.1
    theta = 1.7

    def d(x):
        return u * x + 0.5 * (v - u) / theta * x**2

    assert d(theta) - d(0.0) == pytest.approx(0.5 * theta * (u + v))
    assert (d(theta + 1e-6) - d(theta - 1e-6)) / 2e-6 == pytest.approx(v, abs=1e-6)


def test_both_penalties_have_a_best_d_and_r1_alone_has_none():
    u, v = chapter.train_parabola(1.0, 0.5, 0.5, 2000)
    assert u[-1] == pytest.approx(v[-1])
    assert 0.5 * u[-1] == pytest.approx(-0.5 * sigmoid(u[-1]), rel=1e-6)  # equation (12.6)
    near = chapter.train_parabola(0.01, 2.0, 2.0, 2000)[1][-1]
    assert near == pytest.approx(-0.01 / 8.0, rel=1e-2)
    u, v = chapter.train_parabola(1.0, 1.0, 0.0, 100_000)
    assert abs(u[-1]) < 1e-3
    assert v[-1] < v[10_000] - 4.0 < v[1000] - 8.0  # by 2 log 10 = 4.6 for ten times the steps


def test_rows_of_slopes_at_the_fake_have_the_last_column_of_the_derivation():
    rows = chapter.slopes_at_the_fake(thetas=(0.1,), checkpoints=(10, 1000))
    assert rows[0][0] == "0.1"
    assert rows[0][4] == rows[0][5] == "0.025"


def test_signals_keep_their_size_or_do_not():
    found = chapter.signals(depth=8)
    shrinking = found["layers, sd 0.02"]
    by_law = 0.02**2 * 9 * chapter.CHANNELS * (1 + modern.LEAK**2) / 2
    assert np.all(shrinking[1:] / shrinking[:-1] < 1.25 * by_law)
    assert np.all(shrinking[1:] / shrinking[:-1] > 0.6 * by_law)
    growing = found["blocks, f keeps the mean square"]
    assert 1.6**8 < growing[-1] / growing[0] < 2.2**8
    np.testing.assert_array_equal(found["blocks, last kernel 0"], found["blocks, last kernel 0"][0])
    plain = found["layers, equation (12.8)"]
    assert 0.2 < plain[-1] / plain[0] < 2.0


@pytest.mark.parametrize("scale", [1.0, 0.5])
@pytest.mark.parametrize("number", [1, 5])
def test_the_first_step_of_scalar_blocks(number, scale):
    """Equation (12.9)."""
    wanted = (1.0 - 0.1 * scale**4) ** number
    assert chapter.output_after_one_step(number, scale) == pytest.approx(wanted, rel=1e-5)


def test_only_batch_norm_lets_images_see_each_other():
    images = drawn_faces.draw(np.arange(4), size=32)
    for network in ("dcgan", "modern"):
        own, others = chapter.influence_of_others(network, images)
        assert own > 0.0
        assert others == 0.0
    own, others = chapter.influence_of_others("radford", images)
    assert others > 0.01 * own


def test_halving_is_a_filter_and_every_second_pixel():
    row = np.random.default_rng(0).normal(size=24)
    np.testing.assert_allclose(chapter.halve(row, (1.0, 0.0)), row[::2], rtol=1e-5)
    padded = np.concatenate([[0.0], row, [0.0]])
    wanted = [
        (padded[i] + 3 * padded[i + 1] + 3 * padded[i + 2] + padded[i + 3]) / 8
        for i in range(0, 24, 2)
    ]
    np.testing.assert_allclose(chapter.halve(row, chapter.BILINEAR), wanted, atol=1e-5)


def test_every_second_pixel_of_a_fast_wave_is_a_slow_wave():
    """Equation (12.11)."""
    for frequency in (0.3, 0.42):
        row = np.cos(2.0 * np.pi * frequency * np.arange(40))
        slow = np.cos(2.0 * np.pi * (1.0 - 2.0 * frequency) * np.arange(20))
        np.testing.assert_allclose(chapter.halve(row, (1.0, 0.0)), slow, atol=1e-5)


def test_amplitudes_are_powers_of_the_cosine():
    """Equation (12.12), once and three times."""
    for formula, measured in chapter.responses(np.array([0.0, 0.1, 0.25, 0.4, 0.5])).values():
        np.testing.assert_allclose(measured, formula, atol=2e-4)


def test_the_recipes_differ_as_the_text_says():
    config = chapter.Config(images=800, batch=16, width=4)
    recipes = [chapter.recipe_of(config, changes, 7) for changes in chapter.STEPS.values()]
    assert [recipe.network for recipe in recipes] == ["radford", *3 * ["dcgan"], "modern"]
    assert not any(recipe.filtered for recipe in recipes)
    assert [recipe.loss for recipe in recipes] == [
        *2 * ["non-saturating"],
        *3 * ["relativistic"],
    ]
    assert [recipe.gamma > 0.0 for recipe in recipes] == [False, *4 * [True]]
    assert [recipe.gamma_fake for recipe in recipes] == [0.0, 0.0, 0.0, recipes[3].gamma, 1.0]
    assert [recipe.beta_1 for recipe in recipes] == [0.5, 0.0, 0.0, 0.0, 0.0]
    rates = [(recipe.d_learning_rate, recipe.g_learning_rate) for recipe in recipes]
    assert rates == [(2e-4, 2e-4), *3 * [(4e-4, 4e-4)], (1e-3, 1e-3)]
    assert [recipe.penalty_every for recipe in recipes[1:]] == [4, 4, 4, 4]
    for recipe in recipes:
        assert (recipe.average, recipe.batch_size, recipe.width, recipe.seed) == (200, 16, 4, 7)
        assert recipe.augment == ("translation",)


def test_recipes_are_chosen_by_number():
    assert list(chapter.chosen_steps(chapter.Config(only=(5, 2)))) == [
        "5 modern",
        "2 + D without norm, R1",
    ]


def test_rows_have_the_mean_and_the_standard_error_over_seeds():
    assert chapter.mean_and_error([3.0], 1) == "3.0"
    assert chapter.mean_and_error([1.0, 3.0], 2) == "2.00 ± 1.00"
    names = ("seconds", *chapter.MEASURES)
    first = dict.fromkeys(names, np.array([9.0, 1.0]))
    second = dict.fromkeys(names, np.array([9.0, 3.0]))
    games = {"one": [(first, None, (1.0, 2.0)), (second, None, (2.0, 8.0))]}
    rows = chapter.rows_of_games(games, dict.fromkeys(chapter.MEASURES, 0.5))
    assert rows[0][:3] == ["one", "2 ± 1", "2 ± 1"]
    assert rows[0][3:] == ["2.0 ± 1.0", *3 * ["2.00 ± 1.00"]]
    assert rows[1] == ["real faces", "", "0", "0.5", *3 * ["0.50"]]
    assert chapter.rows_of_slopes(games) == [["one", "1.50 ± 0.50", "5.00 ± 3.00", "3.00 ± 1.00"]]


def test_at_equal_time_the_slow_recipe_has_seen_less():
    """The fast one ends after 2 seconds, when the slow one is half way from 1 to 3."""

    def looks(seconds):
        rows = {"seconds": np.array(seconds), "images": np.array([10.0, 20.0])}
        return {**rows, **{name: np.array([8.0, 4.0]) for name in chapter.MEASURES}}

    games = {"fast": [(looks([1.0, 2.0]), None, None)], "slow": [(looks([1.0, 3.0]), None, None)]}
    budget, rows = chapter.rows_at_equal_time(games, dict.fromkeys(chapter.MEASURES, 0.0))
    assert budget == 2.0
    assert rows[0][:4] == ["fast", "20", "4", "4.0"]
    assert rows[1][:4] == ["slow", "15", "6", "6.0"]


def test_the_script_trains_judges_and_draws(tmp_path, monkeypatch, capsys):
    """With an untrained classifier, and one recipe: `test_training` trains each of them."""
    reader = FactorClassifier(drawn_faces.FACTORS, size=32, seed=0, width=2)
    monkeypatch.setattr(factor_classifier, "train_classifier", lambda *_, **__: reader)
    options = {
        "only": 2,
        "images": 64,
        "batch": 16,
        "width": 4,
        "latent-dim": 8,
        "drawn": 64,
        "looks": 2,
        "samples": 20,
        "out": tmp_path,
    }
    arguments = []
    for name, value in options.items():
        arguments += [f"--{name}", str(value)]
    names = chapters.run_as_script(MODULE, monkeypatch, *arguments)
    said = capsys.readouterr().out
    for words in ("Table 12.1.", "Table 12.4.", "after 64 images", "slope at generated"):
        assert words in said
    for name in ("landscapes", "parabolas", "signals", "aliasing", "faces", "progress"):
        assert (tmp_path / f"{name}.png").stat().st_size > 5_000
    looks, faces, slopes = names["games"]["2 + D without norm, R1"][0]
    assert looks["images"].tolist() == [32, 64]
    assert faces.shape == (20, 32, 32, 3)
    assert min(slopes) > 0.0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--only", "6"], "--only must be one of 1, 2, 3, 4, 5, got 6"),
        (["--images", "10"], "--images must be a whole number from 128"),
        (["--samples", "3"], "--samples must be a whole number from 20"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(arguments, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, *arguments)
