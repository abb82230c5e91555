"""TensorFlow starts without Keras, and who wants Keras afterwards has it."""

import importlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gan_core.app import without_keras

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from gan_core.app import command_line
command_line.start_quietly()
assert "tensorflow" in sys.modules
print(*sorted({"keras", "tf_keras", "matplotlib"} & set(sys.modules)))
import tensorflow as tf
tf.zeros([2])
from tensorflow.keras.layers import Dense
print(Dense is tf.keras.layers.Dense, tf.keras.optimizers.Adam(0.5).name)
"""


@pytest.mark.slow
def test_a_command_starts_quietly_without_keras_and_who_wants_it_has_it():
    """TensorFlow says nothing of its own, at whatever level it logs, when it computes too."""
    environment = {name: value for name, value in os.environ.items() if "TF_CPP" not in name}
    environment["PYTHONPATH"] = str(ROOT)
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "\nTrue adam\n"
    assert ended.stderr == ""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in the place of Keras."""
    folder = tmp_path / "not_keras_at_all"
    folder.mkdir()
    (folder / "__init__.py").write_text("value = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(without_keras, "NAMES", (folder.name,))
    yield folder
    sys.modules.pop(folder.name, None)


def test_its_import_fails_within_the_block_alone_and_its_place_is_found(package):
    finders = list(sys.meta_path)
    with without_keras.imported():
        found = importlib.util.find_spec(package.name)
        assert found.origin == str(package / "__init__.py")
        with pytest.raises(ImportError, match="not imported while TensorFlow starts"):
            importlib.import_module(package.name)
        assert importlib.util.find_spec("a_package_that_nobody_has") is None
    assert sys.meta_path == finders
    assert importlib.import_module(package.name).value == 3


def test_what_is_imported_already_stays(package):
    before = importlib.import_module(package.name)
    with without_keras.imported():
        assert importlib.import_module(package.name) is before


def test_an_error_leaves_nothing_behind(package):
    def fail():
        with without_keras.imported():
            raise RuntimeError("no TensorFlow")

    finders = list(sys.meta_path)
    with pytest.raises(RuntimeError):
        fail()
    assert sys.meta_path == finders
