"""Chapter 5: sorting is the cheapest pairing, the best critic reaches W1, critics learn it."""

import functools

import chapters
import numpy as np
import pytest
import tensorflow as tf

from gan_core import losses, metrics, penalties, rng, trainer
from toy import ch05_wasserstein as chapter
from toy.targets.distributions import gaussian_mixture

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_autograph")]

MODULE = "toy.ch05_wasserstein"
TINY = chapter.Config(steps=4, critic_steps=3, batch=8, hidden=4, d_steps=2, seeds=2)


def test_importing_only_defines():
    assert chapters.work_at_import(MODULE) == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form(MODULE) == []


@pytest.fixture
def eager(monkeypatch):
    """A chapter that is imported from now on plays eagerly: compiling a game takes seconds."""
    made = functools.partial(trainer.GANTrainer, mode="eager")
    monkeypatch.setattr(trainer, "GANTrainer", made)
    return made


@pytest.mark.usefixtures("not_compiled")
def test_runs_a_few_steps_as_a_script_and_draws(eager, monkeypatch, tmp_path, capsys):
    arguments = [
        "--steps",
        "4",
        "--critic-steps",
        "3",
        "--batch",
        "8",
        "--hidden",
        "4",
        "--seeds",
        "2",
    ]
    names = chapters.run_as_script(MODULE, monkeypatch, *arguments, "--out", str(tmp_path))
    drawn = {file.name for file in tmp_path.iterdir()}
    assert drawn == {"two_lines.png", "best_critic.png", "reported.png"}
    assert [len(looks) for looks in names["runs"].values()] == [2, 2, 2]
    said = capsys.readouterr().out
    for words in ("sorted pairing", "Table 5.1", "Table 5.2", "Table 5.3", "non-saturating"):
        assert words in said


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--steps", "0"), "--steps must be a whole number from 1 to 1000000, got 0"),
        (("--d-steps", "0"), "--d-steps must be"),
        (("--penalty", "-1"), "penalty must be"),
        (("--penalty", "0"), "--penalty must be a finite number from 0.001 to 1000, got 0.0"),
        (("--centers", "7", "nan"), "centers must be finite"),
        (("--seeds", "0"), "--seeds must be"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flags, words, monkeypatch, capsys):
    assert words in chapters.line_of_exit_2(MODULE, monkeypatch, capsys, *flags)


@pytest.mark.parametrize("seed", range(5))
def test_the_sorted_pairing_is_the_cheapest_of_all(seed):
    x, y = rng.normal([2, 6], rng.seed(seed, "points")).numpy()
    cheapest = chapter.cheapest_pairing(x, y)
    assert chapter.w1_by_sorting(x, y) == pytest.approx(cheapest, rel=1e-5)
    assert metrics.wasserstein_1(x, y) == pytest.approx(cheapest, rel=1e-5)


@pytest.mark.parametrize("shift", [-2.0, 0.5, 3.0])
def test_the_best_critic_is_not_too_steep_and_reaches_w1(shift):
    real = rng.normal([3000], rng.seed(0, "real")).numpy()
    fake = shift + 2.0 * rng.normal([3000], rng.seed(0, "fake")).numpy()
    x = np.linspace(min(real.min(), fake.min()), max(real.max(), fake.max()), 40_001)
    f = chapter.best_critic(real, fake, x)
    assert np.abs(np.diff(f)).max() <= np.diff(x).max() * (1.0 + 1e-9)
    reached = chapter.gap_of(f, x, real, fake)
    assert reached == pytest.approx(metrics.wasserstein_1(real, fake), rel=1e-3)
    other = np.sin(x)  # 1-Lipschitz as well
    assert chapter.gap_of(other, x, real, fake) <= reached + 1e-6


def test_a_critic_learns_the_distance_times_its_slope():
    """Equation (5.10), with one critic of a few hundred steps."""
    config = chapter.Config(critic_steps=400, hidden=32, learning_rate=0.003)
    fake = rng.normal([2000, 1], rng.seed(0, "fake"))
    real = 4.0 + rng.normal([2000, 1], rng.seed(0, "real"))
    critic = chapter.train_critic(config, real.numpy(), fake.numpy(), seed=0)
    exact = metrics.wasserstein_1(real[:, 0], fake[:, 0])
    found = chapter.estimate(critic, real, fake)
    assert found == pytest.approx(exact * (1.0 + exact / 20.0), rel=0.06)
    assert found / chapter.mean_slope(critic, real, fake) == pytest.approx(exact, rel=0.04)


def test_each_game_is_what_it_says(monkeypatch):
    given = []
    monkeypatch.setattr(chapter, "GANTrainer", lambda *networks, **named: given.append(named))
    for game in chapter.games_of(TINY).values():
        chapter.build(TINY, game, seed=3)
    names = ["wasserstein", "wasserstein", "non-saturating"]
    assert [named["loss"].name for named in given] == names
    assert [named["d_steps"] for named in given] == [2, 2, 2]  # a fair comparison
    assert [named["penalty"] is None for named in given] == [False, False, True]
    assert [named["seed"] for named in given] == [3, 3, 3]


@pytest.mark.filterwarnings("error")
def test_the_ranks_of_a_single_look_have_no_correlation():
    assert np.isnan(chapter.rank_correlation(np.array([1.0]), np.array([2.0])))
    x = np.array([3.0, 1.0, 2.0])
    assert chapter.rank_correlation(x, -np.exp(x)) == pytest.approx(-1.0)


@pytest.mark.parametrize(("slope", "wanted"), [(0.0, 0.0), (-0.9, 0.0), (1.0, 0.0), (-3.0, 8.0)])
def test_the_one_sided_penalty_is_for_what_is_too_steep(slope, wanted):
    """2 max(0, |slope| - 1)^2."""
    x = np.linspace(0.0, 1.0, 6, dtype=np.float32)[:, np.newaxis]
    penalty = chapter.one_sided_penalty(2.0)
    critic = penalties.Critic(lambda x: slope * x[:, 0])
    found = penalty(critic, x, x + 1.0, rng.seed(0, "u"))
    assert float(found) == pytest.approx(wanted, abs=1e-5)


def test_a_run_reports_minus_ds_loss_and_the_exact_distance(eager, monkeypatch):
    game = chapter.Game(loss="wasserstein", penalty=chapter.one_sided_penalty(1.0))
    compiled = chapter.play(TINY, game, seed=0)
    monkeypatch.setattr(chapter, "GANTrainer", eager)
    looks = chapter.play(TINY, game, seed=0)
    again = chapter.play(TINY, game, seed=0)
    other = chapter.play(TINY, game, seed=1)
    np.testing.assert_allclose(compiled["w1"], looks["w1"], rtol=1e-4)
    np.testing.assert_allclose(compiled["reported"], looks["reported"], rtol=1e-3, atol=1e-4)
    assert list(looks["step"]) == [1, 2, 3, 4]
    assert looks["w1"][-1] == metrics.wasserstein_1(looks["real"], looks["fake"][-1])
    np.testing.assert_array_equal(looks["reported"], again["reported"])
    assert looks["slope"].shape == (4,)
    assert (looks["slope"] > 0.0).all()
    assert looks["w1"][0] != other["w1"][0]


def test_a_row_is_one_run():
    looks = {
        "step": np.arange(4),
        "w1": np.array([4.0, 3.0, 2.0, 1.0]),
        "reported": np.array([8.0, 6.0, 5.0, 1.5]),
        "slope": np.array([2.0, 2.0, 1.0, 1.0]),
    }
    opposed = dict(looks, reported=looks["reported"][::-1])
    assert chapter.row_of("a", 0, looks) == ["a", "0", "1.00", "3.00", "2.50", "1.50"]
    assert chapter.row_of("b", 1, opposed)[2] == "-1.00"


def test_the_valley_left_of_10_is_where_a_third_of_the_wide_normal_lies():
    """At 10 - 3 * 0.4307 = 8.71, and not half way between the peaks at 7 and 10 (section 5.3)."""
    n = 400_000
    real = gaussian_mixture((7.0, 10.0, 13.0), 0.4).sample(n, rng.seed(0, "real"))[:, 0].numpy()
    wide = gaussian_mixture([10.0], 3.0).sample(n, rng.seed(0, "wide"))[:, 0].numpy()
    x = np.linspace(7.0, 10.0, 3001)
    f = chapter.best_critic(real, wide, x)
    assert x[np.argmin(f)] == pytest.approx(8.71, abs=0.03)


def _mean_loss(slope, shift, weight):
    """The critic's loss with the two-sided penalty for f(x) = <slope, x>, by the library."""
    slope = tf.constant(slope, tf.float32)[:, tf.newaxis]
    fake = rng.normal([4, len(slope)], rng.seed(0, "points"))
    real = fake + tf.constant(shift, tf.float32)
    critic = penalties.Critic(lambda x: x @ slope)
    penalty = penalties.wasserstein_gradient_penalty(weight)
    loss = losses.wasserstein_discriminator_loss(critic(real), critic(fake))
    return float(loss + penalty(critic, real, fake, rng.seed(0, "u")))


def test_on_a_line_a_wrong_slope_is_a_local_minimum_and_in_the_plane_it_is_none():
    """Sections 5.4 and 5.5, for w = 4 and a weight of 10."""
    best = 1.0 + 4.0 / 20.0
    trapped = -1.0 + 4.0 / 20.0
    for here in (best, trapped):
        for beside in (here - 0.05, here + 0.05):
            assert _mean_loss([here], [4.0], 10.0) < _mean_loss([beside], [4.0], 10.0)
    assert _mean_loss([0.0], [4.0], 10.0) > _mean_loss([trapped], [4.0], 10.0)  # the hill
    assert _mean_loss([best], [4.0], 10.0) == pytest.approx(-4.0 * best + 10.0 * (best - 1) ** 2)
    length = abs(trapped)
    angles = np.linspace(np.pi, 0.0, 7)  # from the wrong direction to the right one
    turned = [
        _mean_loss([length * np.cos(angle), length * np.sin(angle)], [4.0, 0.0], 10.0)
        for angle in angles
    ]
    assert (np.diff(turned) < 0.0).all()


def test_slopes_are_compared_with_those_of_straight_critics():
    history = {
        "step": np.array([25, 50]),
        "w1": np.array([8.0, 8.0]),
        "reported": np.array([11.0, -4.0]),
        "slope": np.array([1.39, 0.61]),
    }
    rows = chapter.compare_slopes(chapter.Config(), history, [0, 1])
    assert rows == [["25", "8.0", "11.0", "1.39", "1.40"], ["50", "8.0", "-4.0", "0.61", "0.60"]]
