"""What a chapter's output depends on: its imports, theirs, and the data beside them."""

import pytest

pytest.importorskip("jupytext", reason="needs the extra book")

from docs.book import chapters, imports

ROOT = chapters.ROOT


def needed(program):
    return {path.relative_to(ROOT).as_posix() for path in imports.needed_by(program)}


def test_imports_of_imports_count_and_those_in_functions():
    found = needed("def f():\n    from gan_core import trainer\n")
    assert {"gan_core/__init__.py", "gan_core/trainer.py", "gan_core/game.py"} <= found
    assert not any(path.startswith(("toy/", "dcgan/")) for path in found)
    assert not any("/testing/" in path for path in found)


def test_the_door_leads_everywhere():
    everything = {path.relative_to(ROOT).as_posix() for path in (ROOT / "gan_core").rglob("*.py")}
    assert everything <= needed("import gan_core as gan\n")
    assert everything <= needed("from gan_core import GANTrainer\n")


def test_a_room_leads_to_its_own_files():
    found = needed("from gan_core import optim\n")
    assert {"gan_core/optim/optimizers.py", "gan_core/optim/schedules.py"} <= found
    assert "gan_core/trainer.py" not in found
    assert "gan_core/optim/optimizers.py" not in needed("from gan_core.optim import schedules\n")


def test_data_beside_a_module_counts():
    found = needed("from dcgan.page import build\n")
    assert {"dcgan/page/assets/network.js", "dcgan/generation/pretrained.npz"} <= found
    assert "dcgan/page/assets/network.js" not in needed("from dcgan.data import faces\n")


def test_other_packages_do_not():
    assert needed("import numpy\nfrom matplotlib import pyplot\n") == set()
