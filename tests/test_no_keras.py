"""No Keras, shown both ways: nobody names it, and everything works where it cannot be imported."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("gan_core", "toy", "dcgan", "tests", "benchmarks")
PEERS = {
    ROOT / "benchmarks" / "contestants" / f"{name}.py"
    for name in ("keras_step", "keras_quality", "pytorch_step")
}  # compared with

# tf.keras, and what is Keras under another name; compat.v1 has all of them again, and its layers.
IN_DISGUISE = re.compile(
    r"tensorflow(\.compat(\.v\d)?)?(\.python)?\.(keras|optimizers|losses|metrics|initializers|layers|regularizers)(\.|$)"
)


def files():
    return sorted(
        path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py") if path not in PEERS
    )


def is_keras(dotted):
    return (
        dotted.split(".")[0] in ("keras", "tf_keras")
        or "keras" in dotted.split(".")
        or IN_DISGUISE.match(dotted)
    )


def uses_of_keras(text):
    """The dotted names in this code that are Keras, imported, reached or asked for by a string."""
    tree = ast.parse(text)
    imported, known = imported_names(tree)
    return sorted({name for name in [*imported, *reached_names(tree, known)] if is_keras(name)})


def imported_names(tree):
    """The dotted names that are imported, and what each local name stands for."""
    known = {"tf": "tensorflow"}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                found.append(name.name)
                first = name.name.split(".")[0]
                known[name.asname or first] = name.name if name.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for name in node.names:
                found.append(f"{node.module}.{name.name}")
                known[name.asname or name.name] = f"{node.module}.{name.name}"
    return found, known


def reached_names(tree, known):
    """The dotted names that are reached as attributes, or asked for by a string."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            found.append(dotted(node, known))
        elif isinstance(node, ast.Call):
            function = ast.unparse(node.func).split(".")[-1]
            texts = [
                a.value
                for a in node.args
                if isinstance(a, ast.Constant) and isinstance(a.value, str)
            ]
            if function in ("import_module", "__import__"):
                found += texts
            elif function == "getattr" and texts:
                found.append(f"{dotted(node.args[0], known)}.{texts[0]}")
    return found


def dotted(node, known):
    """tf.a.b -> tensorflow.a.b; what does not begin with a name begins with a question mark."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value, known)}.{node.attr}"
    return known.get(node.id, node.id) if isinstance(node, ast.Name) else "?"


def test_no_file_names_keras():
    found = {
        str(path.relative_to(ROOT)): uses_of_keras(path.read_text("utf-8")) for path in files()
    }
    assert {name: uses for name, uses in found.items() if uses} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import keras",
        "import tf_keras as k",
        "from keras import layers",
        "from keras.layers import Dense",
        "import tensorflow.keras",
        "import tensorflow.keras.layers as layers",
        "from tensorflow import keras",
        "from tensorflow import keras as k",
        "from tensorflow.keras import layers",
        "from tensorflow.keras.layers import *",
        "from tensorflow import losses",
        "from tensorflow.optimizers import Adam",
        "from tensorflow.compat.v1 import keras",
        "from tensorflow.python.keras import backend",
        "from tensorflow.python import keras",
        "import tensorflow as tf\ntf.keras.layers.Dense(1)",
        "import tensorflow\ntensorflow.keras.Model",
        "import tensorflow as t\nt.optimizers.Adam()",
        "tf.losses.mse",
        "tf.metrics.Mean()",
        "tf.initializers.HeNormal()",
        "tf.compat.v1.keras.layers",
        "tf.compat.v1.layers.dense(x, 3)",
        "tf.compat.v2.losses",
        "from tensorflow import compat\ncompat.v1.keras",
        "from tensorflow.compat import v1 as old\nold.losses.log_loss",
        "import importlib\nimportlib.import_module('keras.layers')",
        "__import__('tf_keras')",
        "getattr(tf, 'keras')",
        "getattr(tf, 'losses').mse",
        "t = tf\nt.keras.layers",
        "def f():\n    from tensorflow import keras",
    ],
)
def test_the_search_finds_it_in_every_dress(code):
    assert uses_of_keras(code)


@pytest.mark.parametrize(
    "code",
    [
        "import tensorflow as tf\ntf.nn.relu(x)",
        "from gan_core import losses, metrics, optimizers, initializers",
        "from gan_core.losses import HINGE\nHINGE.name",
        "losses.by_name('hinge')",
        "self.metrics.append(1)",
        "'tf.keras is not used'  # keras",
        "tf.saved_model.save",
        "from dcgan import layers",
    ],
)
def test_and_leaves_alone_what_is_not(code):
    assert uses_of_keras(code) == []


WITHOUT_KERAS = """
import sys
sys.modules["keras"] = sys.modules["tf_keras"] = None  # importing either now fails

import numpy as np
import tensorflow as tf

from gan_core import penalties, rng
from gan_core.nn import export
from gan_core.nn.activations import leaky_relu
from gan_core.averaging import settling_batches
from gan_core.nn.batch_norm import BatchNorm
from gan_core.nn.settling import settle
from gan_core.nn.conv import Conv2D, Conv2DTranspose
from gan_core.data import stream
from gan_core.nn.dense import Dense
from gan_core.latent import Normal
from gan_core.runs.loop import fit
from gan_core.optim.optimizers import Adam
from gan_core.nn.sequential import Sequential
from gan_core.nn.shapes import Flatten, Reshape
from gan_core.trainer import GANTrainer

generator = Sequential([
    Dense(4, 8, seed=1, use_bias=False), Reshape((2, 2, 2)), BatchNorm(2), tf.nn.relu,
    Conv2DTranspose(2, 1, 4, stride=2, seed=2), tf.nn.tanh])
discriminator = Sequential([
    Conv2D(1, 3, 4, stride=2, seed=3), BatchNorm(3), leaky_relu(), Flatten(), Dense(12, 1, seed=4)])
trainer = GANTrainer(
    generator, discriminator, latent=Normal(4), penalty=penalties.r1(1.0), average=0.9,
    g_optimizer=Adam(2e-4, beta_1=0.5),
    d_optimizer=Adam(2e-4, beta_1=0.5))
start = [v.numpy() for v in generator.trainable_variables]
rows = fit(trainer, stream(lambda n, seed: rng.uniform([n, 4, 4, 1], seed, -1.0, 1.0), 8), 3, log_every=1)
assert len(rows["d_loss"]) == 3 and all(np.all(np.isfinite(row)) for row in rows.values())
assert all(np.any(v.numpy() != old) for v, old in zip(generator.trainable_variables, start))
assert int(trainer.step) == 3
samples = trainer.sample(5)
assert samples.shape == (5, 4, 4, 1) and np.all(np.abs(samples) <= 1.0)

folder = sys.argv[1]
settle(trainer.average.model, settling_batches(trainer.latent, trainer.seed))
export.export_generator(trainer.average.model, 4, folder)
z = trainer.latent(256, rng.seed(0, "sample", 0))
np.testing.assert_allclose(tf.saved_model.load(folder)(z)[:5], samples, atol=1e-5)
generator.summary((4,))
loaded = [name for name, module in sys.modules.items() if name.split(".")[0] in ("keras", "tf_keras") and module]
assert not loaded, loaded
print("played without Keras")
"""


@pytest.mark.slow
def test_a_game_is_played_sampled_and_exported_where_keras_cannot_be_imported(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"}
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_KERAS, str(tmp_path / "generator")],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert "played without Keras" in ended.stdout
