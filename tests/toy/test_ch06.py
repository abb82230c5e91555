"""Chapter 6: the recipe trains through the ordinary trainer, its table and pictures come out,
its solutions hold.
"""

import concurrent.futures
import dataclasses
import itertools
import json
import multiprocessing.reduction

import chapters
import numpy as np
import pytest
import tensorflow as tf

from gan_core import losses
from gan_core.app import plots
from toy import ch06_ring_and_grid as chapter
from toy.figures import plane_plots, scrubber
from toy.measures import coverage, coverage_table, published, ten_seeds
from toy.play.settings import Settings
from toy.targets import by_name, distributions

pytestmark = pytest.mark.slow

TINY = chapter.Config(steps=3, batch=8, width=4, bits=2, mode="eager")


def test_importing_only_defines():
    assert chapters.work_at_import("toy.ch06_ring_and_grid") == []


def test_its_cells_are_those_of_a_notebook():
    assert chapters.faults_of_form("toy.ch06_ring_and_grid") == []


@pytest.fixture(scope="module")
def tiny_trainer():
    return chapter.train(distributions.ring(), TINY)


def test_the_trainer_gives_points_in_the_units_of_the_data(tiny_trainer):
    assert int(tiny_trainer.step) == 3
    assert tiny_trainer.sample(5).shape == (5, 2)
    far = chapter.train(distributions.gaussian_mixture([[1000.0, 0.0], [1002.0, 0.0]], 0.1), TINY)
    assert np.abs(far.sample(100).mean(0) - [1001.0, 0.0]).max() < 10.0


def test_a_seed_gives_the_same_samples_bit_for_bit(tiny_trainer):
    again = chapter.train(distributions.ring(), TINY)
    np.testing.assert_array_equal(again.sample(50), tiny_trainer.sample(50))
    other = chapter.train(distributions.ring(), dataclasses.replace(TINY, seed=1))
    assert not np.array_equal(other.sample(50), tiny_trainer.sample(50))


def test_compiled_as_readers_run_it_it_gives_the_same_samples(tiny_trainer):
    compiled = chapter.train(distributions.ring(), dataclasses.replace(TINY, mode="xla"))
    np.testing.assert_allclose(compiled.sample(50), tiny_trainer.sample(50), rtol=1e-3, atol=1e-4)


def test_every_field_lands_where_it_belongs(monkeypatch):
    """What the trainer is given: z, networks, loss, seed, average, mode; and what is left out."""
    given = {}

    def trainer(generator, discriminator, **named):
        given.update(named, generator=generator, discriminator=discriminator)

    monkeypatch.setattr(chapter, "GANTrainer", trainer)
    monkeypatch.setattr(chapter, "fit", lambda *args, **named: given.update(named, rounds=args[2]))
    config = dataclasses.replace(
        TINY, latent_dim=3, bits=5, width=7, average=0.25, seed=4, loss="hinge", steps=11
    )
    chapter.train(distributions.ring(), config)
    z = given["latent"](50, chapter.rng.seed(0, "test")).numpy()
    assert z.shape == (50, 8)
    assert set(np.unique(z[:, 3:])) == {-1.0, 1.0}
    assert len(np.unique(z[:, :3])) == 150
    sizes_of_g = [
        tuple(v.shape) for v in given["generator"].trainable_variables if v.shape.rank == 2
    ]
    sizes_of_d = [
        tuple(v.shape) for v in given["discriminator"].trainable_variables if v.shape.rank == 2
    ]
    assert sizes_of_g == [(8, 7), (7, 7), (7, 7), (7, 2)]
    assert sizes_of_d == [(2, 7), (7, 7), (7, 7), (7, 1)]
    assert (given["loss"].name, given["seed"], given["mode"]) == ("hinge", 4, "eager")
    assert (given["average"], given["rounds"]) == (0.25, 11)
    assert len(given["penalty"]) == 2

    off = dataclasses.replace(config, **{**chapter.OFF, "loss": "hinge"})
    chapter.train(distributions.ring(), off)
    assert (given["average"], given["penalty"], given["augment"]) == (None, None, None)
    assert given["latent"](2, chapter.rng.seed(0, "test")).shape == (2, 3)


def test_noise_ends_at_half_and_the_penalty_falls_to_its_end():
    config = chapter.Config(steps=100)
    noise = chapter.fading_noise(config, scale=2.0)
    zeros = np.zeros([4000, 2], np.float32)
    seed = chapter.rng.seed(0, "test")
    np.testing.assert_allclose(noise(zeros, seed, 0).numpy().std(), 2.0 * config.noise, rtol=0.05)
    np.testing.assert_allclose(
        noise(zeros, seed, 49).numpy().std(), 2.0 * config.noise_end, rtol=0.2
    )
    np.testing.assert_array_equal(noise(zeros, seed, 50), zeros)

    critic = chapter.penalties.Critic(lambda x: x[:, 0])  # slope 1 everywhere

    for penalty in chapter.falling_penalties(config, scale=2.0):
        for step, gamma in ((0, config.gamma), (80, config.gamma_end), (100, config.gamma_end)):
            np.testing.assert_allclose(
                penalty(critic, zeros, zeros, seed, step), 0.5 * gamma * 4.0, rtol=1e-4
            )


def test_each_row_of_the_ablation_adds_to_the_one_before_and_the_last_is_the_recipe():
    rows = list(chapter.recipes_of(TINY).values())
    assert rows[-1] == TINY
    assert rows[0] == dataclasses.replace(TINY, **chapter.OFF)
    for before, after in itertools.pairwise(rows):
        changed = [
            f.name
            for f in dataclasses.fields(TINY)
            if getattr(before, f.name) != getattr(after, f.name)
        ]
        assert changed
        assert all(getattr(after, name) == getattr(TINY, name) for name in changed)


@pytest.mark.parametrize("name", by_name.BY_NAME)
def test_every_target_can_be_sampled_and_is_at_the_floor_from_itself(name):
    distribution = by_name.BY_NAME[name]()
    told = by_name.distance(
        distribution.sample(500, chapter.rng.seed(0, "x")).numpy(), distribution
    )
    assert 0.5 < float(told.rpartition(" ")[2]) < 1.6


TINY_ARGUMENTS = ["--steps", "3", "--batch", "8", "--width", "4", "--bits", "2", "--mode", "eager"]
ALWAYS_DRAWN = (
    "plain_over_time.png",
    "penalty_field_of_d.png",
    "relativistic.png",
    "average.png",
    "noise.png",
    "coin_flips.png",
)


def test_the_chapter_as_a_script_trains_and_draws(monkeypatch, tmp_path, capsys):
    arguments = [*TINY_ARGUMENTS, "--target", "ring", "--out", str(tmp_path)]
    names = chapters.run_as_script("toy.ch06_ring_and_grid", monkeypatch, *arguments)
    assert list(names["runs"]) == list(chapter.recipes_of(TINY))
    said = capsys.readouterr().out
    assert "plain GAN: 3 rounds" in said
    assert said.count("sliced Wasserstein") == len(names["runs"])
    for name in (*ALWAYS_DRAWN, "ring_over_time.png", "ring.gif", "ring.html"):
        assert (tmp_path / name).stat().st_size > 5_000
    for words in ("PacGAN4", "24.8 ± .2"):
        assert words in said


def test_a_target_without_modes_is_trained_told_and_drawn(tmp_path, capsys):
    """What the script does with the counts of modes, where there are none."""
    target = by_name.BY_NAME["two-moons"]()
    real = target.sample(500, chapter.rng.seed(0, "shown")).numpy()
    span = plane_plots.span_of(real)
    fields = []
    config = dataclasses.replace(TINY, target="two-moons")
    trainer, looks = chapter.train_and_tell(
        "plain GAN",
        config,
        at_each_look=lambda trainer: fields.append(scrubber.field_of(trainer.discriminator, span)),
    )
    said = capsys.readouterr().out
    assert "two-moons, plain GAN: 3 rounds" in said
    assert "sliced Wasserstein" in said
    assert [(step, counts) for step, _, counts in looks] == [(1, None), (2, None), (3, None)]
    runs = {"plain GAN": (trainer, looks)}
    plots.save(plane_plots.over_time(runs, real), tmp_path / "over_time.png")
    moments = []
    for (step, samples, counts), field in zip(looks, fields, strict=True):
        moments.append((step, samples, counts, field))
    scrubber.save(tmp_path / "scrubber.html", moments, real, span)
    for name in ("over_time.png", "scrubber.html"):
        assert (tmp_path / name).stat().st_size > 5_000
    assert coverage_table.last_looks(runs, target, 500) == []


class ThisProcess(concurrent.futures.Executor):
    """A pool that computes here, where TensorFlow is imported, and sends as between processes."""

    def __init__(self, workers, mp_context):
        pass

    def submit(self, function, *arguments):
        function, arguments = self._send((function, arguments))
        future = concurrent.futures.Future()
        future.set_result(self._send(function(*arguments)))
        return future

    @staticmethod
    def _send(what):
        pickler = multiprocessing.reduction.ForkingPickler
        return pickler.loads(pickler.dumps(what))


def test_a_table_s_runs_are_made_in_processes_of_their_own(tmp_path):
    """With a measure and a config that need no TensorFlow."""
    configs = [Settings(batch=8), Settings(batch=16)]
    lines = coverage_table.run_all(dataclasses.asdict, configs, tmp_path / "table.jsonl", workers=1)
    assert [line["batch"] for line in lines] == [8, 16]


def test_the_table_over_seeds_is_made_once_and_then_read(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(coverage_table.concurrent.futures, "ProcessPoolExecutor", ThisProcess)
    monkeypatch.setattr(chapter, "recipes_of", lambda config: {"full": config})
    config = dataclasses.replace(TINY, seeds=1, out=tmp_path)
    chapter.table_over_seeds(config)
    lines = [json.loads(line) for line in (tmp_path / "table.jsonl").read_text().splitlines()]
    assert sorted(line["config"]["target"] for line in lines) == ["grid", "ring"]
    assert all(line["seconds"] > 0.0 for line in lines)
    monkeypatch.setattr(
        coverage_table.concurrent.futures.ProcessPoolExecutor, "submit", None
    )  # nothing left to run
    chapter.table_over_seeds(config)
    first, second = capsys.readouterr().out.split("Modes, % high quality")[1:]
    assert first.split() == second.split()
    for words in ("PacGAN4", "24.8 ± .2", "full", "a perfect sampler"):
        assert words in first


def test_the_last_looks_stand_beside_a_perfect_sampler():
    ring = distributions.ring()
    samples = ring.sample(500, chapter.rng.seed(0, "x")).numpy()
    looks = [(1, samples, chapter.coverage.of(samples, ring))]
    rows = coverage_table.last_looks({"a run": (None, looks)}, ring, 500)
    assert [row[0] for row in rows] == ["a run", "a perfect sampler"]
    assert all(len(row) == len(coverage_table.HEADINGS) for row in rows)
    assert rows[0][1] == "8.0"


def test_the_rows_of_one_paper_are_that_papers():
    rows = published.cells_of(published.PACGAN)
    assert [row[0] for row in rows] == ["GAN", "ALI", "PacGAN2", "PacGAN3", "PacGAN4"]
    assert rows[0][2] == "98.2 ± .2"
    assert all(len(row) == len(published.HEADINGS) for row in rows)


def test_the_table_over_ten_seeds_has_a_row_for_each_recipe():
    names = [row[0] for row in ten_seeds.ROWS]
    assert names == [*chapter.recipes_of(TINY), "a perfect sampler"]
    assert all(len(row) == len(ten_seeds.HEADINGS) for row in ten_seeds.ROWS)


def test_modes_a_tenth_too_narrow_have_more_hits_than_a_perfect_sampler():
    """Section 6.8: with an sd ratio of 0.88 to 0.90 and no other fault, 99.7 % of all samples."""
    grid = distributions.grid()
    narrow = distributions.gaussian_mixture(grid.modes, 0.874 * grid.sd)
    row = coverage.of(narrow.sample(100_000, chapter.rng.seed(0, "narrow")), grid)
    assert 0.88 < row.sd_ratio < 0.90
    assert row.high_quality == pytest.approx(0.997, abs=0.0006)
    assert row.high_quality > coverage.perfect_by_formula(grid, 2_500).high_quality


@pytest.mark.parametrize("name", ["relativistic", "non-saturating"])
def test_at_equal_logits_g_is_still_told_to_raise_its_logit(name):
    """Section 6.4: the derivative of G's loss with respect to b is -1/2, in either loss."""
    loss = losses.by_name(name)
    a = tf.zeros([1, 1])
    b = tf.Variable(tf.zeros([1, 1]))
    with tf.GradientTape() as tape:
        value = loss.generator(a, b)
    assert float(tape.gradient(value, b)[0, 0]) == pytest.approx(-0.5)


def test_equation_2_is_the_library_s_loss():
    """D minimises mean s(b - a), G mean s(a - b)."""
    loss = losses.by_name("relativistic")
    a = np.array([[1.0], [-2.0], [0.5]], np.float32)
    b = np.array([[0.3], [1.0], [-4.0]], np.float32)
    softplus = np.logaddexp
    assert float(loss.discriminator(a, b)) == pytest.approx(softplus(0.0, b - a).mean(), rel=1e-5)
    assert float(loss.generator(a, b)) == pytest.approx(softplus(0.0, a - b).mean(), rel=1e-5)


def test_the_published_rows_name_a_source_and_three_figures_a_target():
    for method, source, ring, grid in published.ROWS:
        assert method
        assert "table 1" in source
        assert len(ring) == len(grid) == 3


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--steps", "-4", "--steps must be a whole number from 1 to 1000000, got -4."),
        ("--steps", "1" + 20 * "0", "--steps must be a whole number from 1 to 1000000"),
        ("--seed", "1" + 20 * "0", "--seed must be a whole number from 0 to 4294967296"),
        ("--learning-rate", "1e30", "--learning-rate must be a finite number of at most 1 and"),
        ("--loss", "cubic", "loss must be one of minimax"),
        ("--target", "torus", "target must be one of ring"),
        ("--noise", "-1", "noise must be a finite number from 0 to 100"),
        ("--average", "1", "average must be"),
        ("--mode", "fast", "mode must be one of xla, graph, eager"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(flag, value, words, monkeypatch, capsys):
    said = chapters.line_of_exit_2("toy.ch06_ring_and_grid", monkeypatch, capsys, flag, value)
    assert words in said
