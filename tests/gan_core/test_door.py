"""`import gan_core as gan`: every name is there, and nothing is loaded before it is used."""

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import gan_core as gan

ROOT = Path(gan.__file__).resolve().parents[1]


def run(code):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    return done.stdout.strip()


def test_every_name_is_what_its_module_calls_so():
    for name, module in gan._HOME.items():
        assert getattr(gan, name) is getattr(importlib.import_module(module), name), name
    for name in gan._MODULES:
        assert getattr(gan, name) is importlib.import_module(f"gan_core.{name}"), name
    assert set(gan.__all__) <= set(dir(gan))


def test_a_name_that_is_not_there_is_an_attribute_error():
    assert not hasattr(gan, "no_such_name")


@pytest.mark.parametrize("name", ["nn.initializers", "optim.schedules", "runs.hooks"])
def test_a_file_of_a_room_is_loaded_when_it_is_first_used(name, monkeypatch):
    """Whatever was loaded before: an import elsewhere would have set the attribute."""
    room_name, file_name = name.split(".")
    file = importlib.import_module(f"gan_core.{name}")
    room = getattr(gan, room_name)
    monkeypatch.delattr(room, file_name)
    assert getattr(room, file_name) is file
    assert not hasattr(room, "no_such_file")


def test_importing_it_loads_neither_tensorflow_nor_numpy_nor_its_own_files():
    loaded = run("import gan_core, sys; print(*sys.modules)").split()
    assert "gan_core" in loaded
    heavy = ("tensorflow", "numpy", "gan_core.")
    assert [name for name in loaded if name.startswith(heavy)] == []


def test_the_version_is_that_of_the_distribution():
    text = (ROOT / "setup.cfg").read_text("utf-8")
    assert "version = attr: gan_core.__version__" in text
    assert run("import gan_core; print(gan_core.__version__)") == gan.__version__


def test_type_checkers_see_the_same_names():
    """The imports under TYPE_CHECKING, which are never run, against the table that is."""
    tree = ast.parse(Path(gan.__file__).read_text("utf-8"))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {}
    for node in block.body:
        for name in node.names:
            assert name.asname == name.name
            seen[name.name] = node.module
    assert seen == {**gan._HOME, **dict.fromkeys(gan._MODULES, "gan_core")}
