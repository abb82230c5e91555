"""The game is the trainer's own: its rounds, its schedules, and the program that makes it again."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from gan_core import losses
from toy import ch06_ring_and_grid as ch06
from toy.play import csv_points, program
from toy.play import settings as choices
from toy.play.game import Eye, Game, target_of
from toy.play.settings import Settings
from toy.targets import by_name, given

pytestmark = pytest.mark.slow

SMALL = Settings(g_hidden=(8,), d_hidden=(8,), batch=16, g_rate=0.01, d_rate=0.02, latent_dim=2)
POINTS = np.float32([[0.0, 0.0], [1.0, 2.0], [3.0, 1.0]])
DRAWN = choices.point_text(-1.0, 0.5) + choices.point_text(1.0, -0.5)
HUMPS = "A" * 16 + "7" * 16 + "A" * 16 + "7" * 16


def small(**changes):
    return dataclasses.replace(SMALL, **changes)


def run(game):
    """A bit of everything that is done on the page."""
    game.rounds(1)
    game.change("g_rate", 0.003)
    game.d_step()
    game.rounds(1)
    game.g_step()
    game.change("noise", 0.25)
    game.change("gamma", 0.7)
    game.rounds(1)
    return game


# ---- the program ----


def samples_of_program(game, settings, mode, file=""):
    text = program.text(settings, game.history, mode=mode, file=file)
    names = {}
    exec(compile(text, "game.py", "exec"), names)
    assert int(names["trainer"].step) == game.round
    return names["samples"]


@pytest.mark.parametrize(
    "changes",
    [
        {"penalty": "R1", "target": "drawn", "drawing": DRAWN, "fall": 4, "noise": 0.5},
        {"penalty": "R2", "loss": "minimax", "update": "simultaneous", "target": "grid"},
        {"penalty": "R1 and R2", "loss": "relativistic", "average": 0.9, "bits": 3, "fall": 100},
        {
            "penalty": "gradient penalty",
            "loss": "wasserstein",
            "d_steps": 2,
            "target": "drawn-line",
            "drawing": HUMPS,
            "fall": 10,
        },
        {"target": "normal", "loss": "hinge", "optimizer": "SGD", "d_hidden": (), "start": -4.0},
    ],
    ids=str,
)
def test_the_program_makes_the_same_samples_bit_for_bit(changes):
    settings = small(**changes)
    game = run(Game(settings, mode="eager"))
    made = samples_of_program(game, settings, "eager")
    np.testing.assert_array_equal(made, game.trainer.sample(1000))


def test_compiled_too_and_of_a_file(tmp_path, capsys):
    file = tmp_path / "my points.csv"
    rows = np.random.default_rng(0).normal(size=[20, 2]).astype(np.float32)
    np.savetxt(file, rows, delimiter=",", header="x,y", comments="")
    settings = small(target="points", g_hidden=(), d_hidden=(4,), optimizer="SGD", penalty="R1")
    game = Game(settings, csv_points.read(file))
    game.rounds(3)
    game.change("d_rate", 0.5)
    game.rounds(2)
    made = samples_of_program(game, settings, "xla", str(file))
    np.testing.assert_array_equal(made, game.trainer.sample(1000))
    assert capsys.readouterr().out.startswith("round 5\nmean [")


def test_the_program_uses_nothing_of_the_page():
    text = program.text(small(), [("rounds", 3)])
    assert "toy.play" not in text
    assert max(len(line) for line in text.splitlines()) <= 100


def test_a_slider_that_is_drawn_along_leaves_one_line():
    game = Game(small(), mode="eager")
    for value in (0.1, 0.2, 0.3):
        game.change("noise", value)
    assert game.history == [("noise", 0.3)]
    game.rounds(1)
    game.rounds(2)
    assert game.history == [("noise", 0.3), ("rounds", 3)]


# ---- the trainer ----


def test_the_full_recipe_is_that_of_chapter_6():
    """The same networks, batches, z and schedules, up to rounding."""
    rounds = 5
    config = ch06.Config(steps=rounds, width=8, batch=16, bits=3, mode="eager")
    chapter = ch06.train(by_name.BY_NAME["grid"](), config)
    settings = Settings(
        target="grid",
        g_hidden=(8, 8, 8),
        d_hidden=(8, 8, 8),
        loss="relativistic",
        penalty="R1 and R2",
        gamma=0.03,
        noise=0.5,
        fall=rounds,
        bits=3,
        average=0.995,
        batch=16,
    )
    game = Game(settings, mode="eager")
    game.rounds(rounds)
    np.testing.assert_allclose(game.trainer.sample(50), chapter.sample(50), rtol=1e-3, atol=1e-4)


def test_simultaneous_steps_take_both_gradients_first():
    """D's first step is the same; G's is taken through the D of before, or of after it."""
    before = {}
    for update in choices.UPDATES:
        game = Game(small(update=update, optimizer="SGD"), mode="eager")
        d = [variable.numpy() for variable in game.trainer.discriminator.trainable_variables]
        g_gradients = _g_gradients(game, d_moves=update == "alternating")
        g = [variable.numpy() for variable in game.trainer.generator.trainable_variables]
        game.rounds(1)
        after = [variable.numpy() for variable in game.trainer.generator.trainable_variables]
        for old, new, gradient in zip(g, after, g_gradients, strict=True):
            np.testing.assert_allclose(new, old - 0.01 * gradient, rtol=1e-4, atol=1e-6)
        before[update] = d
    for one, other in zip(*before.values(), strict=True):
        np.testing.assert_array_equal(one, other)


def _g_gradients(game, d_moves):
    """By hand, in a twin of the game that is thrown away."""
    twin = Game(game.settings, mode="eager")
    trainer = twin.trainer
    z = trainer.latent(twin.settings.batch, trainer._seed("z"))
    real = twin.batches(tf.constant(0, tf.int64))
    loss = losses.NON_SATURATING
    with tf.GradientTape() as tape:
        fake = trainer.generator(z, training=True)
        d_loss = loss.discriminator(
            trainer.discriminator(real)[:, 0], trainer.discriminator(fake)[:, 0]
        )
    d_variables = trainer.discriminator.trainable_variables
    if d_moves:
        for variable, gradient in zip(d_variables, tape.gradient(d_loss, d_variables), strict=True):
            variable.assign_sub(0.02 * gradient)
    with tf.GradientTape() as tape:
        fake_logits = trainer.discriminator(trainer.generator(z, training=True))[:, 0]
        g_loss = loss.generator(None, fake_logits)
    return [
        gradient.numpy()
        for gradient in tape.gradient(g_loss, trainer.generator.trainable_variables)
    ]


def test_rates_change_at_once_and_nothing_is_compiled_anew():
    game = Game(small(penalty="R1"), mode="graph")
    game.rounds(1)
    play = game.trainer._rounds_function(game.batches)
    before = play.experimental_get_tracing_count()
    state = [variable.numpy() for variable in game.trainer.generator.trainable_variables]
    for name in choices.LIVE:
        game.change(name, 0.0)
    game.rounds(3)
    assert play.experimental_get_tracing_count() == before
    for variable, old in zip(game.trainer.generator.trainable_variables, state, strict=True):
        np.testing.assert_array_equal(variable.numpy(), old)  # at rate 0 nothing moves


def test_a_value_out_of_its_range_changes_nothing():
    game = Game(small(), mode="eager")
    with pytest.raises(ValueError, match=r"^Settings: g_rate must be"):
        game.change("g_rate", float("nan"))
    assert game.history == []
    assert float(game.live["g_rate"]) == np.float32(0.01)


# ---- targets ----


def test_a_game_of_points_without_a_file_says_how_to_give_one():
    with pytest.raises(ValueError, match=r"start with --points FILE\.csv"):
        target_of(Settings(target="points"))


def test_points_are_drawn_evenly_and_blurred():
    samples = given.Points(POINTS).sample(3000, tf.constant([1, 2], tf.int64)).numpy()
    counts = [(samples == row).all(axis=1).mean() for row in POINTS]
    np.testing.assert_allclose(counts, 1 / 3, atol=0.04)
    blurred = given.Points(POINTS[:1], blur=0.5).sample(3000, tf.constant([1, 2], tf.int64))
    np.testing.assert_allclose(blurred.numpy().std(axis=0), 0.5, rtol=0.05)


def test_bars_have_the_density_that_they_say():
    bars = given.Bars([1.0, 0.0, 3.0], -1.0, 2.0)
    samples = bars.sample(4000, tf.constant([1, 2], tf.int64)).numpy()[:, 0]
    counts, _ = np.histogram(samples, 3, (-1.0, 2.0))
    np.testing.assert_allclose(counts / 4000, [0.25, 0.0, 0.75], atol=0.03)
    places = tf.constant([[-1.5], [-1.0], [-0.5], [0.5], [1.5], [2.0], [2.5]])
    density = np.exp(bars.log_density(places).numpy())
    np.testing.assert_allclose(density, [0.0, 0.25, 0.25, 0.0, 0.75, 0.75, 0.0], rtol=1e-6)


# ---- what is seen ----


@pytest.mark.parametrize("target", ["ring", "two-normals"])
def test_a_look_shows_the_trainers_samples_d_and_the_push_on_them(target):
    game = Game(small(target=target), mode="eager")
    eye = Eye(game)
    opening = eye.opening()
    seen = eye.look()
    dim = game.target.dim
    samples = np.array(seen["samples"])
    expected = game.trainer.sample(len(samples))
    np.testing.assert_allclose(samples, expected, atol=1e-3)
    arrows = np.array(seen["arrows"])
    np.testing.assert_allclose(arrows[:, :dim], samples[: len(arrows)], atol=1e-9)
    # Non-saturating: minus the gradient of s(-b) is (1 - sigma(b)) times the slope of the logit.
    x = tf.constant(expected[: len(arrows)])
    with tf.GradientTape() as tape:
        tape.watch(x)
        logits = game.trainer.discriminator(x)[:, 0]
    slope = tape.gradient(logits, x).numpy()
    push = (1.0 - tf.sigmoid(logits).numpy())[:, np.newaxis] * slope * game.scale
    np.testing.assert_allclose(arrows[:, dim:], push, atol=1e-3)
    left = opening["view"][0]
    bottom = opening["view"][2]
    place = [[left, bottom]] if dim == 2 else [[left]]
    corner = tf.sigmoid(game.trainer.discriminator(tf.constant(place, tf.float32))).numpy()[0, 0]
    assert abs(seen["field"][0] / 1000.0 - corner) < 0.05
    measured = eye.measure()
    assert measured["distance"] > 1.0
    assert 0 <= measured["modes"] <= opening["modes"]


def test_a_score_is_shown_from_its_lowest_to_its_highest():
    eye = Eye(Game(small(loss="hinge", target="two-normals"), mode="eager"))
    field = np.array(eye.look()["field"])
    assert (field.min(), field.max()) == (0, 1000)
    logits = eye.game.trainer.discriminator(eye._places).numpy()[:, 0]
    assert (np.argsort(field, kind="stable")[[0, -1]] == np.argsort(logits)[[0, -1]]).all()


def test_real_samples_have_distance_1():
    game = Game(small(), mode="eager")
    eye = Eye(game)
    eye.samples = game.target.sample(1000, tf.constant([5, 6], tf.int64)).numpy()
    measured = eye.measure()
    assert 0.4 < measured["distance"] < 2.5
    assert measured["modes"] == 8
    assert measured["quality"] > 0.97


@pytest.mark.parametrize("unit", [1e-6, 1e6])
@pytest.mark.parametrize("dim", [1, 2])
def test_a_look_shows_as_much_of_data_in_any_unit(dim, unit):
    """Kilometres or millimetres: the same picture, with other numbers on its axes."""
    rows = np.random.default_rng(0).normal(3.0, 1.0, [50, dim]).astype(np.float32)
    close = {"rtol": 1e-3, "atol": 1e-3}
    eyes = [
        Eye(Game(small(target="points"), rows * np.float32(scale), mode="eager"))
        for scale in (1.0, unit)
    ]
    opening, in_other_unit = (eye.opening() for eye in eyes)
    across = 2 * dim  # of the view's four numbers, those in the data's unit
    np.testing.assert_allclose(
        np.array(in_other_unit["view"][:across]) / unit, opening["view"][:across], **close
    )
    np.testing.assert_allclose(np.array(in_other_unit["real"]) / unit, opening["real"], **close)
    seen, other = (eye.look() for eye in eyes)
    np.testing.assert_allclose(np.array(other["samples"]) / unit, seen["samples"], **close)
    if dim == 1:
        heights = np.array(in_other_unit["density"]) * unit
        np.testing.assert_allclose(heights, opening["density"], rtol=1e-3, atol=0.02)
        np.testing.assert_allclose(other["mean"] / unit, seen["mean"], **close)
        np.testing.assert_allclose(other["sd"] / unit, seen["sd"], **close)
