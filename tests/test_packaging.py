"""What is installed is all of it: the wheel has every module,
and every module of it can be imported.
"""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import programs
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("gan_core", "toy", "dcgan")
DATA = {
    "gan_core/py.typed",
    "dcgan/generation/pretrained.npz",
    "dcgan/generation/pretrained_with_labels.npz",
    "dcgan/page/assets/page.html",
    "toy/figures/scrubber.html",
}

IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(len(sys.argv) - 1)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from a copy of what belongs to it, so that the checkout stays clean."""
    source = tmp_path_factory.mktemp("source")
    for name in (*PACKAGES, "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        files = (ROOT / name).rglob("*") if (ROOT / name).is_dir() else [ROOT / name]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                copy = source / file.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(file.read_bytes())
    out = tmp_path_factory.mktemp("wheel")
    command = ["-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", str(out), "."]
    subprocess.run([sys.executable, *command], cwd=source, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    unpacked = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(unpacked)
    return unpacked


def modules(folder):
    return {
        file.relative_to(folder).as_posix()
        for package in PACKAGES
        for file in (folder / package).rglob("*.py")
    }


@pytest.mark.slow
def test_the_wheel_has_every_module_and_the_data(wheel):
    assert modules(wheel) == modules(ROOT)
    assert all((wheel / name).is_file() for name in DATA)


@pytest.mark.slow
def test_every_module_of_the_wheel_can_be_imported(wheel, tmp_path):
    names = sorted(
        name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        for name in modules(wheel)
        if not name.endswith("__main__.py")
    )
    environment = {**os.environ, "PYTHONPATH": str(wheel)}
    done = programs.run(["-c", IMPORT_ALL, *names], cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip().splitlines()[-1] == str(len(names))
