"""Chapter 1: the theory it shows holds in its own numbers, and it is a module,
a script and a notebook.
"""

import math

import chapters
import numpy as np
import pytest
import tensorflow as tf

from gan_core import latent, losses, rng
from gan_core.nn.mlp import mlp
from gan_core.nn.sequential import Sequential
from gan_core.optim.optimizers import SGD
from gan_core.trainer import GANTrainer
from toy import ch01_the_game as chapter
from toy.measures.quadrature import at, cells, integrate, jensen_shannon, span
from toy.networks import quadratic
from toy.targets.distributions import Cauchy, Normal, Uniform

pytestmark = pytest.mark.slow

MODULE = "toy.ch01_the_game"
SMALL = chapter.Config(samples=20_000)


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


def test_runs_as_a_script_and_draws(monkeypatch, tmp_path, capsys):
    chapters.run_as_script(
        MODULE,
        monkeypatch,
        "--samples=100",
        "--rounds=3",
        "--fake-sd=0.01",
        f"--out={tmp_path}",
    )
    assert {file.name for file in tmp_path.iterdir()} == {
        "players.png",
        "best_discriminator.png",
        "value.png",
        "generator_gradients.png",
        "first_training.png",
    }
    said = capsys.readouterr().out
    for caption in ("Table 1.1.", "Table 1.2.", "Table 1.3.", "Figure 1.1.", "Figure 1.5."):
        assert caption in said
    assert "mean over the last 3 rounds" in said


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--real-sd", "0", "--real-sd must be a finite number from 0.01 to 100, got 0.0"),
        ("--fake-sd", "-1", "--fake-sd must be"),
        ("--real-mean", "nan", "--real-mean must be"),
        ("--fake-mean", "1e9", "--fake-mean must be"),
        ("--samples", "-4", "samples must be a whole number from 2"),
        ("--samples", "many", "--samples"),
        ("--seed", str(2**70), "seed must be"),
        ("--seed", "-1", "seed must be"),
        ("--rounds", "0", "rounds must be a whole number from 1"),
        ("--sd", "1", "--sd"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flag, value, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, flag, value)


def test_no_other_discriminator_beats_the_best(capsys):
    """And the library's mean over samples is the integral, within five standard errors."""
    rows = chapter.compare_discriminators(SMALL)
    on_game = {name: row[0] for name, row in rows.items()}
    assert min(on_game, key=on_game.get) == "D*"
    for integral, on_samples, _ in rows.values():
        assert abs(integral - on_samples) < 5.0 * 1.5 / math.sqrt(
            SMALL.samples
        )  # no softplus here spreads more
    assert on_game["always one half"] == pytest.approx(math.log(4.0), abs=1e-6)
    without_overlap = {name: row[2] for name, row in rows.items()}
    assert without_overlap["D*"] == pytest.approx(0.0, abs=1e-9)
    assert without_overlap["sigmoid applied twice"] == pytest.approx(
        math.log1p(math.exp(-1.0)) + math.log(2.0), abs=1e-6
    )


@pytest.mark.parametrize(
    "change", [lambda a: a + 0.1, lambda a: a - 0.1, lambda a: 1.1 * a, lambda a: a + tf.sin(a)]
)
def test_every_change_of_the_best_logit_costs(change):
    p, q = chapter.densities(SMALL)
    assert chapter.loss_by_integration(p, q, change) > chapter.loss_by_integration(p, q) + 1e-4


def test_the_loss_of_the_best_is_log_4_minus_2_js():
    loss, by_js, _ = chapter.compare_values(chapter.Config())
    np.testing.assert_allclose(loss, by_js, atol=1e-6)
    assert loss[0] > loss[-1] > 0.0


def test_js_is_symmetric_and_between_0_and_log_2():
    p, q = chapter.densities(SMALL)
    assert jensen_shannon(p, q) == pytest.approx(jensen_shannon(q, p), abs=1e-12)
    assert jensen_shannon(p, p) == 0.0
    assert jensen_shannon(Uniform(0.0, 1.0), Uniform(2.0, 3.0)) == pytest.approx(
        math.log(2.0), abs=1e-9
    )
    assert jensen_shannon(Normal(0.0, 0.01), Normal(100.0, 100.0)) <= math.log(2.0) + 1e-9


@pytest.mark.parametrize("density", [Normal(3.0, 0.01), Normal(-100.0, 100.0), Uniform(-1.0, 2.0)])
def test_quadrature_knows_mass_and_mean(density):
    x, widths = cells(density, Normal(0.0, 1.0))
    middle = sum(span(density)) / 2.0
    assert integrate(at(density, x), np.ones(len(x)), widths) == pytest.approx(
        1.0, abs=1e-4
    )  # x is float32
    assert integrate(at(density, x), x[:, 0], widths) == pytest.approx(middle, rel=1e-4)


def test_the_two_gradients_are_sigma_and_one_minus_sigma():
    b = np.linspace(-20.0, 20.0, 81, dtype=np.float32)
    minimax = chapter.gradient_of(losses.minimax_generator_loss, b)
    non_saturating = chapter.gradient_of(losses.non_saturating_generator_loss, b)
    sigma = 1.0 / (1.0 + np.exp(-b.astype(np.float64)))
    np.testing.assert_allclose(minimax, -sigma, rtol=1e-5)
    np.testing.assert_allclose(non_saturating, sigma - 1.0, rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(non_saturating / minimax, np.exp(-b), rtol=1e-3)


def test_the_average_of_the_best_d_is_one_half_for_any_generator():
    both, over_fake, accuracy, js = chapter.judge_four_generators(SMALL).T
    np.testing.assert_allclose(both, 0.5, atol=0.01)
    assert (np.diff(over_fake) < 0.0).all()
    assert (np.diff(accuracy) > 0.0).all()
    assert (np.diff(js) > 0.0).all()
    assert accuracy[0] == 0.5
    by_hand = [
        0.5 * (1.0 + math.erf(sds / math.sqrt(8.0))) for sds in (0.0, 1.0, 3.0, 10.0)
    ]  # Phi(sds / 2)
    np.testing.assert_allclose(accuracy, by_hand, atol=0.01)


def test_a_seed_gives_the_same_numbers_bit_for_bit():
    first, again, other = (
        chapter.draw_logits(*chapter.densities(SMALL), config)
        for config in (SMALL, SMALL, chapter.Config(samples=20_000, seed=1))
    )
    for a, b, c in zip(first, again, other, strict=True):
        np.testing.assert_array_equal(a, b)
        assert not np.array_equal(a, c)
    assert chapter.compare_discriminators(SMALL) == chapter.compare_discriminators(SMALL)


def test_the_draws_of_the_two_densities_have_seeds_of_their_own():
    """Equal densities, so that shared seeds would give equal logits."""
    p = Normal(0.0, 1.0)
    q = Normal(1.0, 1.0)
    a, b = (logits.numpy() for logits in chapter.draw_logits(p, q, SMALL))
    assert abs(np.corrcoef(a, b)[0, 1]) < 4.0 / math.sqrt(SMALL.samples)
    assert a.mean() == pytest.approx(0.5, abs=0.05)  # log p - log q = 1/2 - x, with x of p first
    assert b.mean() == pytest.approx(-0.5, abs=0.05)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: span(Cauchy()), "span: density must be a Normal or a Uniform, got Cauchy"),
        (lambda: span(Normal(), sds=0.0), "span: sds must be a finite number above 0, got 0.0"),
        (lambda: cells(), "cells: the number of densities must be a whole number of at least 1"),
        (lambda: cells(Normal(), n=0), "cells: n must be a whole number of at least 1, got 0"),
        (
            lambda: integrate(np.ones(3), np.ones([3, 1]), np.ones(3)),
            r"integrate: values must be \[3\], as the density has, got \[3, 1\]",
        ),
        (
            lambda: integrate(np.ones(3), np.ones(3), np.ones(1)),
            r"integrate: widths must be \[3\], as the density has, got \[1\]",
        ),
        (lambda: jensen_shannon(Normal(), Cauchy()), "density must be a Normal or a Uniform"),
    ],
)
def test_wrong_integrals_are_one_clear_line(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---- Algorithm 1 ----


def test_the_loop_learns_the_data():
    """Mean and sd, averaged over 400 rounds, in two thirds of the chapter's own run."""
    history = chapter.learn_a_gaussian(chapter.Config(rounds=900))
    assert history.shape == (901, 2)
    np.testing.assert_array_equal(history[0], [0.0, 1.0])
    mean, sd = history[-400:].mean(axis=0)
    assert mean == pytest.approx(1.0, abs=0.03)
    assert sd == pytest.approx(0.5, abs=0.03)


def test_the_loop_s_first_round_is_what_paper_and_pencil_give():
    """D's logit starts at 0, so sigma = 1/2, and its gradient is half the difference of moments."""
    real = np.array([1.0, 2.0], np.float32)
    z_of_d = np.array([-1.0, 1.0], np.float32)
    z_of_g = np.array([0.5, 1.5], np.float32)
    draws = iter([z_of_d, z_of_g])
    history = chapter.algorithm_1(lambda: real, lambda: next(draws), 1, 0.1)

    def moments(x):
        return np.array([1.0, np.mean(x), np.mean(np.square(x))])

    c = 0.1 * 0.5 * (moments(real) - moments(z_of_d))  # G starts as G(z) = z
    b = c[0] + c[1] * z_of_g + c[2] * z_of_g**2
    push = (1.0 / (1.0 + np.exp(b))) * (c[1] + 2.0 * c[2] * z_of_g)  # minus dL/dG(z), times 2
    mean = 0.1 * np.mean(push)
    sd = 1.0 + 0.1 * np.mean(push * z_of_g)
    np.testing.assert_allclose(history[1], [mean, sd], rtol=1e-5)


@pytest.mark.parametrize("loss", ["non-saturating", "minimax"])
def test_the_trainer_of_the_library_plays_the_same_game(loss):
    """Loop and GANTrainer, with the same batches and the same z in both steps of a round."""
    rounds = 20
    z_of_rounds = latent.Normal(1)
    real = Normal(1.0, 0.5).sample(16 * rounds, rng.seed(5, "real")).numpy().reshape(-1, 16, 1)

    generator = mlp([1, 1], seed=0, name="generator")
    generator.layers[0].kernel.assign([[1.0]])
    generator.layers[0].bias.assign([0.0])
    affine = mlp([2, 1], seed=0, name="discriminator")
    affine.layers[0].kernel.assign([[0.0], [0.0]])
    affine.layers[0].bias.assign([0.0])
    trainer = GANTrainer(
        generator,
        Sequential([quadratic, affine]),
        latent=z_of_rounds,
        loss=losses.by_name(loss),
        g_optimizer=SGD(0.1),
        d_optimizer=SGD(0.1),
        seed=3,
        mode="eager",
    )
    path = [(0.0, 1.0)]
    for batch in real:
        trainer.round(batch)
        layer = trainer.generator.layers[0]
        path.append((float(layer.bias[0]), abs(float(layer.kernel[0, 0]))))

    batches = iter(real)
    both = [z_of_rounds(16, rng.seed(3, "z", t)).numpy()[:, 0] for t in range(rounds)]
    z = iter([z for z in both for _ in range(2)])  # the trainer's two steps share z
    by_name = {"non-saturating": chapter.non_saturating, "minimax": losses.minimax_generator_loss}
    history = chapter.algorithm_1(
        lambda: next(batches)[:, 0], lambda: next(z), rounds, 0.1, by_name[loss]
    )
    np.testing.assert_allclose(history, path, rtol=1e-4, atol=1e-6)
