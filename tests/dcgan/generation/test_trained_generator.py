"""A picture depends on its own z alone; a run's SavedModel and the network it came from make the
same faces.
"""

import dataclasses
import logging
import os

import numpy as np
import pytest
import tensorflow as tf
import tiny_faces
from tensorflow.python.platform import tf_logging

from dcgan import networks, training
from dcgan.config import Config
from dcgan.data.pixels import to_uint8
from dcgan.generation import pretrained, trained_generator
from gan_core import latent, rng
from gan_core.averaging import settling_batches
from gan_core.nn.dense import Dense
from gan_core.nn.export import export_generator
from gan_core.nn.settling import settle
from gan_core.optim.optimizers import Adam
from gan_core.runs.run_folder import RunFolder
from gan_core.trainer import GANTrainer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def network():
    return tiny_faces.network()


@pytest.fixture(scope="module")
def generator(network):
    return trained_generator.of_network(network, 7, 32)


@pytest.fixture(scope="module")
def run(network, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    export_generator(network, 7, folder / "generator", to_uint8)
    return folder


def test_the_pictures_are_the_networks(generator, network):
    z = generator.z(5)
    faces = generator(z)
    assert faces.dtype == np.uint8
    assert faces.shape == (5, 32, 32, 3)
    assert faces.std() > 5.0  # not all alike, or the tests below would see nothing
    assert np.abs(faces.astype(int) - to_uint8(network(z)).numpy()).max() <= 1
    assert generator(z[:0]).shape == (0, 32, 32, 3)


def test_a_picture_depends_on_its_own_z_alone_bit_for_bit(generator):
    z = generator.z(150)
    faces = generator(z)
    order = rng.permutation(150, rng.seed(0, "order")).numpy()
    np.testing.assert_array_equal(generator(z[order]), faces[order])
    np.testing.assert_array_equal(generator(z[37:102]), faces[37:102])
    np.testing.assert_array_equal(generator(z[149:]), faces[149:])


def test_the_network_always_sees_batches_of_one_size():
    """In a batch of another size sums are rounded differently, so a pixel could depend on how many
    faces are asked for.
    """
    seen = []
    known = tiny_faces.known()
    recorder = dataclasses.replace(
        known, function=lambda z: seen.append(z.shape) or known.function(z)
    )
    for n in (1, 64, 65):
        recorder(known.z(n))
    assert seen == [[64, 3]] * 4


def test_face_i_of_a_seed_is_the_same_for_every_count(generator):
    many = generator.sample(300, seed=4)
    np.testing.assert_array_equal(many, generator(generator.z(300, seed=4)))
    for n in (1, 64, 256, 257):
        np.testing.assert_array_equal(generator.sample(n, seed=4), many[:n])
    blocks = list(generator.blocks(300, seed=4))
    assert [len(block) for block in blocks] == [256, 44]
    np.testing.assert_array_equal(np.concatenate(blocks), many)
    assert not np.array_equal(generator.sample(1, seed=5), many[:1])
    assert len(np.unique(many, axis=0)) == 300


def test_they_are_the_faces_that_the_trainer_samples(generator, network):
    discriminator = networks.discriminator(32, 2, seed=0)
    trainer = GANTrainer(
        network,
        discriminator,
        latent=latent.Normal(7),
        mode="graph",
        g_optimizer=Adam(),
        d_optimizer=Adam(),
    )
    theirs = to_uint8(trainer.sample(300, seed=2)).numpy().astype(int)
    assert (
        np.abs(theirs - generator.sample(300, seed=2)).max() <= 1
    )  # another batch size rounds otherwise


def test_a_run_is_loaded_from_its_folder_or_its_generator(generator, run):
    for folder in (run, str(run), run / "generator"):
        loaded = trained_generator.load(folder)
        assert (loaded.latent_dim, loaded.size, loaded.name) == (7, 32, str(folder))
        assert (
            np.abs(loaded.sample(70, seed=1).astype(int) - generator.sample(70, seed=1)).max() <= 1
        )


def test_loading_a_run_warns_of_no_gradients(tmp_path):
    """Those with respect to z, which `find` needs, are in the SavedModel."""
    network = networks.generator(32, 2, 7, network="dcgan", filtered=True, seed=1)
    export_generator(network, 7, tmp_path / "generator", to_uint8)
    warned = []
    watcher = logging.Handler()
    watcher.emit = warned.append
    logging.getLogger("absl").addHandler(watcher)
    try:
        loaded = trained_generator.load(tmp_path)
    finally:
        logging.getLogger("absl").removeHandler(watcher)
    assert warned == []
    z = tf.constant(loaded.z(3))
    gradients = []
    for function in (loaded.samples, network):
        with tf.GradientTape() as tape:
            tape.watch(z)
            brightness = tf.reduce_sum(function(z) ** 2)
        gradients.append(tape.gradient(brightness, z).numpy())
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-6)


def test_a_run_that_was_killed_gives_its_best_epoch(tmp_path):
    config = Config(size=32, width=2, latent_dim=7, mode="eager")
    run = RunFolder.create(tmp_path / "run", {**dataclasses.asdict(config), "faces": 100})
    with pytest.raises(ValueError, match="a run with a finished generator/"):
        trained_generator.check(run.path)
    trainer = training.build(config)
    trainer.average.model.layers[1].kernel.assign(trainer.generator.layers[1].kernel * 3.0)
    run.save_best(trainer.state(), 1, 0.5)
    trained_generator.check(run.path)
    loaded = trained_generator.load(run.path)
    assert (loaded.latent_dim, loaded.size, loaded.name) == (7, 32, str(run.path))
    z = loaded.z(3)
    settle(trainer.average.model, settling_batches(trainer.latent, trainer.seed))
    assert np.abs(to_uint8(trainer.average.model(z)).numpy().astype(int) - loaded(z)).max() <= 1


def test_a_generator_from_before_its_run_was_resumed_gives_way_to_a_better_epoch(tmp_path, network):
    config = Config(size=32, width=2, latent_dim=7, mode="eager")
    run = RunFolder.create(tmp_path / "run", {**dataclasses.asdict(config), "faces": 100})
    trainer = training.build(config)
    run.save_best(trainer.state(), 1, 0.5)
    export_generator(network, 7, run.generator, to_uint8)
    faces_of_then = trained_generator.load(run.path)
    assert (
        np.abs(
            faces_of_then.sample(9) - trained_generator.load(run.generator).sample(9).astype(int)
        ).max()
        == 0
    )
    older = (run.checkpoints / "best.npz").stat().st_mtime - 60.0
    os.utime(run.generator / "saved_model.pb", (older, older))
    trained_generator.check(run.path)
    assert (
        np.abs(
            trained_generator.load(run.path).sample(9) - faces_of_then.sample(9).astype(int)
        ).max()
        > 9
    )


def test_without_a_run_it_is_the_packages_own(network, tmp_path, monkeypatch):
    monkeypatch.setattr(pretrained, "FILE", tmp_path / "own.npz")
    pretrained.save(network, tmp_path / "own.npz", size=32, width=2, latent_dim=7)
    loaded = trained_generator.load()
    assert (loaded.latent_dim, loaded.size) == (7, 32)
    assert loaded.name == "the package's generator without labels"
    assert loaded.sample(2).shape == (2, 32, 32, 3)


def test_a_gpu_is_told_to_round_alike_in_every_process(monkeypatch):
    told = []
    config = tf.config
    monkeypatch.setattr(
        config.experimental, "enable_op_determinism", lambda: told.append("deterministic")
    )
    monkeypatch.setattr(config.experimental, "enable_tensor_float_32_execution", told.append)
    trained_generator.load()
    trained_generator.choose_arithmetic()
    assert told == []  # a CPU needs no word
    monkeypatch.setattr(
        config, "list_physical_devices", lambda kind: ["one"] if kind == "GPU" else []
    )
    trained_generator.load()
    assert told == []  # nothing process-wide is switched by who only loads
    trained_generator.choose_arithmetic()
    assert told == [False, "deterministic"]


def test_what_is_no_run_is_one_clear_line(tmp_path):
    (tmp_path / "file").write_text("x")
    for nothing in (tmp_path / "none", tmp_path / "file", tmp_path):
        with pytest.raises(
            ValueError, match=r"generator: run must be the folder of a run, .* the package's own"
        ):
            trained_generator.load(nothing)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(
        ValueError, match=rf"must be a run with a finished generator/, got .* --resume {tmp_path}\."
    ):
        trained_generator.load(tmp_path)
    (tmp_path / "generator").mkdir()
    (tmp_path / "generator" / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(
        ValueError, match=r"generator: .* cannot be used \(.*\): it must be a SavedModel"
    ):
        trained_generator.load(tmp_path)


def test_a_generator_of_something_else_is_refused(tmp_path):
    export_generator(Dense(2, 3, seed=0), 2, tmp_path / "generator")
    with pytest.raises(ValueError, match=r"must be \[n, size, size, 3\], got \[64, 3\]"):
        trained_generator.load(tmp_path)


@pytest.mark.parametrize(
    ("z", "words"),
    [
        (np.zeros([2, 6], np.float32), r"z must be \[n, 7\], got \[2, 6\]"),
        (np.full([1, 7], np.nan), "z must be finite"),
        (tf.zeros([2, 7], tf.int32), r"z must be \[n, 7\] of float32"),
        ("z", "z must be"),
    ],
)
def test_a_z_that_does_not_fit_is_refused(generator, z, words):
    with pytest.raises(ValueError, match=f"Generator: {words}"):
        generator(z)


@pytest.mark.parametrize("n", [0, -1, 2.0, None])
def test_a_count_that_is_none_is_refused(generator, n):
    for ask in (generator.z, generator.sample, generator.blocks):
        with pytest.raises(ValueError, match="n must be a whole number of at least 1"):
            ask(n)


def test_a_folder_whose_name_is_no_utf8_is_written_and_read(tmp_path, network):
    place = tmp_path / os.fsdecode(b"r\xff") / "generator"
    export_generator(network, 7, place, to_uint8)
    loaded = trained_generator.load(place.parent)
    np.testing.assert_array_equal(
        loaded.sample(3), trained_generator.of_network(network, 7, 32).sample(3)
    )


def test_many_generators_in_one_process_are_not_warned_of(network, monkeypatch):
    warned = []
    monkeypatch.setattr(tf_logging, "warning", lambda words, *_: warned.append(words))
    for _ in range(7):
        trained_generator.of_network(network, 7, 32).sample(1)
    assert warned == []
