"""An exported generator needs TensorFlow alone, and a folder that is there is whole."""

import errno
import os
import resource
import sys
from pathlib import Path

import numpy as np
import programs
import pytest
import tensorflow as tf

from gan_core import rng
from gan_core.nn.activations import leaky_relu
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.nn.dense import Dense
from gan_core.nn.export import export_generator
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Reshape

pytestmark = pytest.mark.slow


def make_generator(seed=0):
    """All that a DCGAN's generator is made of, and batch norm's averages away from where they
    start.
    """
    norm = BatchNorm(2)
    norm.moving_mean.assign([0.5, -1.0])
    norm.moving_variance.assign([2.0, 0.25])
    return Sequential(
        [
            Dense(3, 2 * 2 * 2, seed=seed + 1),
            Reshape([2, 2, 2]),
            norm,
            leaky_relu(0.2),
            tf.nn.relu,
            Conv2DTranspose(2, 1, 4, stride=2, seed=seed + 2),
            lambda x: tf.tanh(x),
        ]
    )


def to_bytes(samples):
    return tf.cast(tf.round((samples + 1.0) * 127.5), tf.uint8)


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


USE = """
import sys
sys.modules["gan_core"] = None  # an import of it would fail
import numpy as np
import tensorflow as tf

model = tf.saved_model.load(sys.argv[1])
z = np.load(sys.argv[2])
results = {str(n): model(z[:n]).numpy() for n in (1, 2, 7)}
results["named"] = model.signatures["serving_default"](z=tf.constant(z))["output_0"].numpy()
np.savez(sys.argv[3], **results)
"""


def test_an_export_is_used_with_tensorflow_alone_and_any_batch_size(tmp_path):
    generator = make_generator()
    z = np.random.default_rng(0).normal(size=[7, 3]).astype(np.float32)
    export_generator(generator, 3, tmp_path / "generator", to_bytes)
    np.save(tmp_path / "z.npy", z)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    programs.run(
        ["-c", USE, "generator", "z.npy", "out.npz"],
        cwd=tmp_path,
        env=environment,
        check=True,
        timeout=300,
    )
    expected = to_bytes(generator(tf.constant(z), training=False)).numpy()
    assert expected.shape == (7, 4, 4, 1)
    assert len(np.unique(expected)) > 10
    out = np.load(tmp_path / "out.npz")
    for n in (1, 2, 7):
        assert out[str(n)].dtype == np.uint8
        np.testing.assert_array_equal(out[str(n)], expected[:n])
    np.testing.assert_array_equal(out["named"], expected)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["generator", "out.npz", "z.npy"]


@pytest.fixture(scope="module")
def small():
    return Dense(2, 1, seed=1)


def load(folder):
    return tf.saved_model.load(str(folder))(tf.ones([1, 2])).numpy().item()


def test_the_export_replaces_an_older_one_and_cleans_up_after_killed_ones(small, tmp_path):
    folder = tmp_path / "generator"
    export_generator(small, 2, folder)
    first = load(folder)
    for name in (".generator.0a.unfinished", ".generator.older"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "half").write_text("half")
    export_generator(Dense(2, 1, seed=2), 2, folder)
    assert load(folder) != first
    assert list(tmp_path.iterdir()) == [folder]
    assert load(folder) == pytest.approx(
        Dense(2, 1, seed=2)(tf.ones([1, 2])).numpy().item(), rel=1e-6
    )


def test_a_generator_may_decide_by_pythons_if(tmp_path):
    """Its trainer then runs eagerly; the export translates the `if`."""

    class Decides(tf.Module):
        def __init__(self):
            super().__init__()
            self.scale = tf.Variable([2.0])

        def __call__(self, z, training=False):
            if tf.reduce_sum(z) > 0.0:
                return z * self.scale
            return -z

    export_generator(Decides(), 2, tmp_path / "g")
    loaded = tf.saved_model.load(str(tmp_path / "g"))
    assert loaded.samples(tf.constant([[1.0, 2.0]])).numpy().tolist() == [[2.0, 4.0]]
    assert loaded.samples(tf.constant([[-1.0, -2.0]])).numpy().tolist() == [[1.0, 2.0]]


def test_a_generator_without_such_an_if_is_not_translated(tmp_path):
    """Translating the layers of a network would take seconds in each process."""

    class Doubles(tf.Module):
        def __call__(self, z, training=False):
            return 2.0 * z

    def translations():
        return {name for name in sys.modules if name.startswith("__autograph_generated_file")}

    before = translations()
    export_generator(Doubles(), 2, tmp_path / "g", tf.round)
    assert translations() == before


def test_training_on_does_not_change_what_was_exported(tmp_path):
    generator = Dense(2, 1, seed=1)
    export_generator(generator, 2, tmp_path / "generator")
    before = load(tmp_path / "generator")
    generator.kernel.assign(generator.kernel + 1.0)
    assert load(tmp_path / "generator") == before


@pytest.mark.parametrize(
    ("there", "what_fails"),
    [
        (False, "a file"),
        (True, "a file"),
        (False, ".generator.*.unfinished"),
        (True, ".generator.*.unfinished"),
        (True, "generator"),
    ],
)
def test_an_export_that_fails_leaves_what_was_there(
    small, tmp_path, monkeypatch, there, what_fails
):
    """The kernel refuses files of more than 100 bytes, or the renaming of one of the two
    folders.
    """
    folder = tmp_path / "generator"
    if there:
        export_generator(small, 2, folder)
    before = files(tmp_path)
    rename = Path.rename
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fails(path, target):
        if path.match(what_fails):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fails)
    if what_fails == "a file":
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(
            ValueError, match=r"export_generator: .*generator cannot be written: .* is untouched"
        ):
            export_generator(Dense(2, 1, seed=2), 2, folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert files(tmp_path) == before


def test_a_folder_that_is_no_saved_model_is_not_overwritten(small, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_text("precious")
    (tmp_path / "file").write_text("precious")
    before = files(tmp_path)
    for name in ("photos", "file"):
        with pytest.raises(
            ValueError,
            match="export_generator: folder must be new, or an older SavedModel to replace, "
            rf"got .*{name}\. Choose another place; nothing was overwritten",
        ):
            export_generator(small, 2, tmp_path / name)
    with pytest.raises(ValueError, match=r"export_generator: .* cannot be written"):
        export_generator(small, 2, tmp_path / "file" / "below")
    assert files(tmp_path) == before


@pytest.mark.parametrize("latent_dim", [0, 2.0, None])
def test_a_bad_latent_dim_is_refused_before_anything_is_written(small, tmp_path, latent_dim):
    with pytest.raises(
        ValueError, match="export_generator: latent_dim must be a whole number of at least 1, got"
    ):
        export_generator(small, latent_dim, tmp_path / "generator")
    assert list(tmp_path.iterdir()) == []


def test_a_latent_dim_that_the_generator_does_not_take_leaves_nothing(small, tmp_path):
    words = r"latent_dim must be .*got 3, with which it says: Dense: x must be \[batch, 2\], got"
    with pytest.raises(ValueError, match=words) as told:
        export_generator(small, 3, tmp_path / "generator")
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_gradients_pass_through_the_exported_samples(tmp_path, dtype):
    """Also through convolutions whose gradient is written out, where `call` gives bytes."""
    generator = Sequential(
        [
            Dense(3, 2 * 2 * 64, seed=1),
            Reshape([2, 2, 64]),
            Conv2DTranspose(64, 64, 4, stride=2, seed=2, compute_dtype=dtype),
            tf.nn.relu,
            Conv2D(64, 64, 3, seed=3, compute_dtype=dtype),
            lambda x: tf.tanh(tf.cast(x, tf.float32)),
        ]
    )
    export_generator(generator, 3, tmp_path / "g", to_bytes)
    model = tf.saved_model.load(str(tmp_path / "g"))
    z = rng.normal([64, 3], rng.seed(0, "z"))
    values = []
    gradients = []
    for function in (model.samples, lambda z: generator(z, training=False)):
        with tf.GradientTape() as tape:
            tape.watch(z)
            value = function(z)
            total = tf.reduce_sum(tf.square(value))
        values.append(value.numpy())
        gradients.append(tape.gradient(total, z).numpy())
    np.testing.assert_allclose(*values, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(*gradients, rtol=1e-4, atol=1e-4)
    assert np.abs(gradients[0]).max() > 0.0
