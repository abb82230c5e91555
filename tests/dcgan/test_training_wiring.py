"""Where every field of the config lands, and that no face is both learnt from and judged by."""

import dataclasses
import hashlib
import types

import numpy as np
import pytest
import tensorflow as tf
from rich.console import Console

from dcgan import networks, training
from dcgan.config import AUGMENTATIONS, Config
from dcgan.data import faces
from dcgan.measures import judges
from dcgan.runs import best, real_faces
from gan_core import augment, latent, losses, penalties, rng
from gan_core.nn.batch_norm import BatchNorm
from gan_core.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow

SILENT = Console(quiet=True)
# No value is a default, and no two fields of one kind share theirs.
ODD = {
    "network": "radford",
    "size": 32,
    "width": 3,
    "g_width": 2,
    "latent_dim": 5,
    "loss": "hinge",
    "d_learning_rate": 0.001,
    "g_learning_rate": 0.002,
    "beta_1": 0.25,
    "beta_2": 0.95,
    "gamma": 0.7,
    "gamma_fake": 0.9,
    "penalty_every": 3,
    "minibatch_std": True,
    "augment": ("cutout", "colour"),
    "augment_strength": 0.5,
    "average": 76,
    "update": "simultaneous",
    "momentum": 0.6,
    "epsilon": 0.03,
    "seed": 11,
    "mode": "eager",
    "convolution": "native",
    "drawn": 64,
    "batch_size": 8,
    "epochs": 3,
    "flip": False,
    "fall": 0.5,
}


def keys(images):
    """Hashes, for a set of whole pictures keeps a failing test busy for minutes."""
    return {hashlib.blake2b(image.tobytes(), digest_size=8).digest() for image in images}


@pytest.fixture
def built(monkeypatch):
    """What `build` gives the constructors, by their names."""
    given = {}

    def recording(name, function):
        def record(*arguments, **options):
            given.setdefault(name, []).append((arguments, options))
            return function(*arguments, **options)

        return record

    monkeypatch.setattr(networks, "make", recording("make", networks.make))
    monkeypatch.setattr(training, "GANTrainer", recording("trainer", training.GANTrainer))
    monkeypatch.setattr(training.penalties, "r1", recording("r1", penalties.r1))
    monkeypatch.setattr(training.penalties, "r2", recording("r2", penalties.r2))
    monkeypatch.setattr(training.augment, "chain", recording("chain", augment.chain))
    rising = recording("average", training.schedules.rising_memory)
    monkeypatch.setattr(training.schedules, "rising_memory", rising)
    for name in AUGMENTATIONS:
        one = recording(name, training.AUGMENTATIONS[name])
        monkeypatch.setitem(training.AUGMENTATIONS, name, one)
    return given


def test_every_field_of_the_config_lands_in_the_networks_and_the_trainer(built):
    trainer = training.build(Config(**ODD, colours="grey"))
    wanted = {
        "network": "radford",
        "size": 32,
        "width": 3,
        "g_width": 2,
        "latent_dim": 5,
        "seed": 11,
    }
    wanted |= {"momentum": 0.6, "epsilon": 0.03, "minibatch_std": True, "channels": 1}
    wanted |= {"filtered": False, "styled": False}  # radford knows neither
    wanted |= {"convolution": "native", "synchronised": False, "compute_dtype": "float32"}
    assert built["make"] == [((), wanted)]
    assert built["r1"] == [((0.7,), {"every": 3})]
    assert built["r2"] == [((0.9,), {"every": 3})]
    (((decay,), _),) = built["average"]
    assert decay == pytest.approx(np.exp(-8 / 76))  # a share of 1/e is left after 76 images
    assert built["colour"] == built["cutout"] == [((0.5,), {})]
    assert [name for name in AUGMENTATIONS if name in built] == ["colour", "cutout"]
    assert len(built["chain"][0][0]) == 2
    ((players, options),) = built["trainer"]
    assert players == (trainer.generator, trainer.discriminator)
    assert options["loss"] is losses.by_name("hinge")
    assert (options["seed"], options["update"], options["mode"]) == (11, "simultaneous", "eager")
    assert options["latent"].dim == 5
    assert (trainer.g_optimizer.beta_1, trainer.d_optimizer.beta_1) == (0.25, 0.25)
    assert (trainer.g_optimizer.beta_2, trainer.d_optimizer.beta_2) == (0.95, 0.95)
    assert float(trainer.d_optimizer.schedule(tf.constant(0))) == np.float32(0.001)
    assert float(trainer.g_optimizer.schedule(tf.constant(0))) == np.float32(0.002)
    assert trainer.g_optimizer.bound == tuple(trainer.generator.trainable_variables)
    assert trainer.d_optimizer.bound == tuple(trainer.discriminator.trainable_variables)


def test_synchronised_reaches_every_batch_norm_of_both_networks():
    for synchronised in (True, False):
        trainer = training.build(Config(**ODD, synchronised=synchronised))
        for network in (trainer.generator, trainer.discriminator):
            norms = [part for part in network.submodules if isinstance(part, BatchNorm)]
            assert norms
            assert {norm.synchronised for norm in norms} == {synchronised}


@pytest.mark.parametrize("average", [76, 0])
def test_the_best_generator_makes_what_the_trainer_samples_at_the_best_round(tmp_path, average):
    """Its average if there is one, with batch norm's epsilon, of the best round and not the last."""
    config = Config(**{**ODD, "average": average})
    trainer = training.build(config)
    for name, variable in trainer.state().items():
        if name.startswith(("generator/", "average/model/")) and variable.shape.rank == 4:
            variable.assign(20.0 * variable)  # pictures that differ
    run = RunFolder.create(tmp_path / "run", config)
    batches = [np.tanh(rng.normal([8, 32, 32, 3], rng.seed(i, "real"))) for i in range(2)]
    trainer.round(batches[0])
    assert run.save_best(trainer.state(), 1, 1.0)
    wanted = trainer.sample(3, seed=5)
    trainer.round(batches[1])
    run.save(trainer.state(), 2)
    z = latent.block(latent.Normal(5), 0, 5)[:3]
    np.testing.assert_allclose(best.best_generator(run.path)(z), wanted, atol=1e-4)
    assert np.abs(trainer.sample(3, seed=5) - wanted).max() > 1e-2


def test_each_augmentation_is_the_one_of_its_name():
    """And of strength 1 it is the published one, of strength 1/2 half as strong."""
    x = rng.uniform([4, 16, 16, 3], rng.seed(0, "images"), -1.0, 1.0)
    seed = rng.seed(1, "augment")
    same = {
        "translation": [augment.translation(0.125), augment.translation(0.0625)],
        "colour": [augment.colour(), augment.colour(0.5)],
        "cutout": [augment.cutout(0.5), augment.cutout(0.25)],
    }
    assert set(training.AUGMENTATIONS) == set(AUGMENTATIONS) == set(same)
    for name, wanted in same.items():
        for strength, one in zip((1.0, 0.5), wanted, strict=True):
            made = training.AUGMENTATIONS[name](strength)
            np.testing.assert_array_equal(made(x, seed, 0), one(x, seed, 0))


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_a_single_augmentation_is_used(built, name):
    training.build(Config(**{**ODD, "augment": (name,)}))
    ((_, options),) = built["trainer"]
    assert options["augment"] is not None
    assert [other for other in AUGMENTATIONS if other in built] == [name]


def test_what_is_not_asked_for_is_not_there(built):
    training.build(Config(**{**ODD, "augment": (), "gamma": 0.0, "gamma_fake": 0.0, "average": 0}))
    ((_, options),) = built["trainer"]
    assert (options["augment"], options["penalty"], options["average"]) == (None, [], None)
    training.build(Config(**{**ODD, "precision": "bfloat16"}))
    assert built["make"][1][1]["compute_dtype"] == "bfloat16"


@pytest.fixture
def played(monkeypatch, tmp_path):
    """What `train` gives the batches, `fit` and the one who watches; nothing is trained."""
    given = {}

    def batches(images, batch_size, **options):
        given["batches"] = {"images": images, "batch_size": batch_size, **options}
        return "batches"

    def fit(trainer, sampler, rounds, **options):
        given["fit"] = {"trainer": trainer, "sampler": sampler, "rounds": rounds, **options}

    class Watch:
        def __init__(self, run, judge, images_an_epoch, config, console, label_set):
            given["watch"] = {"held_aside": judge.real, "images_an_epoch": images_an_epoch}

        def hooks(self, rounds_an_epoch):
            given["watch"]["rounds_an_epoch"] = rounds_an_epoch
            return []

    monkeypatch.setattr(training, "face_batches", batches)
    monkeypatch.setattr(training, "fit", fit)
    monkeypatch.setattr(training, "Watch", Watch)
    monkeypatch.setattr(training, "_finish", lambda *_: True)
    trainer, _ = training.train(Config(**ODD, run=tmp_path / "run"), SILENT)
    given["trainer"] = trainer
    return given


def test_what_is_learnt_from_and_what_is_judged_by_share_no_face(played):
    images = played["batches"]["images"]
    learnt, aside = faces.split(64, 11)
    np.testing.assert_array_equal(played["batches"]["rows"], learnt)
    assert not set(learnt) & set(aside)
    assert len(learnt) + len(aside) == len(images) == 64
    assert keys(played["watch"]["held_aside"]) == keys(images[aside])
    assert not keys(played["watch"]["held_aside"]) & keys(images[learnt])


def test_batches_and_fit_get_what_the_config_says(played):
    given = played["batches"]
    assert (given["batch_size"], given["seed"], given["flip"]) == (8, 11, False)
    an_epoch = 58 // 8
    assert played["watch"]["rounds_an_epoch"] == an_epoch
    assert played["watch"]["images_an_epoch"] == 8 * an_epoch
    assert played["fit"]["rounds"] == 3 * an_epoch
    assert played["fit"]["checkpoint_every"] == an_epoch
    assert played["fit"]["sampler"] == "batches"
    half = played["trainer"].d_optimizer.schedule(tf.constant(3 * an_epoch))
    assert float(half) == 0.0  # the rates fall with all rounds known


def test_a_run_is_judged_by_faces_that_are_held_aside_and_another_z_than_is_shown(monkeypatch):
    """As many as are held aside, and the same z after every epoch."""
    from dcgan import epochs

    asked = []

    def sample(n, seed):
        asked.append((n, seed))
        return np.zeros([n, 32, 32, 3], np.float32)

    run = types.SimpleNamespace(path=training.Path("x"), step=lambda: 0)
    judge = types.SimpleNamespace(generated=250)
    watch = epochs.Watch(run, judge, 48, Config(**ODD), SILENT)
    trainer = types.SimpleNamespace(sample=sample)
    for _ in range(2):
        assert len(watch._judged(trainer)) == 250
    assert asked == [(250, 12)] * 2


@pytest.mark.parametrize("name", ["pixels", "features"])
def test_no_more_held_aside_faces_are_judged_by_than_an_epoch_has_time_for(name, monkeypatch):
    sets = []
    monkeypatch.setattr(training.judges, "make", lambda name, given, folder: sets.append(given))
    images = np.arange(6000, dtype=np.uint32).view(np.uint8).reshape(6000, 2, 2, 1)
    learnt = np.arange(3000)
    aside = np.arange(3000, 6000)
    config = Config(**{**ODD, "judge": name})
    training._judge(config, types.SimpleNamespace(path="x"), images, learnt, aside)
    (given,) = sets
    assert len(given.reference) == len(given.others) == judges.MOST[name]
    assert keys(given.reference) < keys(images[aside])
    assert keys(given.others) < keys(images[learnt])


def test_the_floor_is_of_held_aside_faces_against_faces_that_were_learnt_from(monkeypatch):
    seen = {}

    def measured(real, fake, seed):
        seen.update(real=real, fake=fake)
        return {"mean": 7.0}

    monkeypatch.setattr(real_faces.distances, "patches_and_whole", measured)
    config = Config(**ODD)
    real, floor = real_faces.held_aside(config)
    learnt, aside = faces.split(64, 11)
    images = real_faces.load(config, SILENT).images
    assert floor == 7.0
    assert seen["real"] is real
    assert keys(real) == keys(images[aside])
    assert keys(seen["fake"]) < keys(images[learnt])
    assert len(seen["fake"]) == len(aside)


def test_drawn_faces_are_of_the_seed_and_the_size(monkeypatch):
    asked = []
    monkeypatch.setattr(
        real_faces.drawn_faces, "draw", lambda which, **options: asked.append((which, options))
    )
    real_faces.load(dataclasses.replace(Config(**ODD), size=64), SILENT)
    assert asked == [(range(64), {"seed": 11, "size": 64})]


def test_data_is_read_with_the_size_and_the_cache_of_the_config(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(faces, "load", lambda *given, **options: asked.append((given, options)))
    real_faces.load(Config(**ODD, data=tmp_path), SILENT)
    real_faces.load(Config(**ODD, data=tmp_path, cache=tmp_path / "c"), SILENT)
    assert [given for given, _ in asked] == [(tmp_path, 32)] * 2
    assert [options["cache"] for _, options in asked] == [faces.CACHE, tmp_path / "c"]
