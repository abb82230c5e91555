"""Every program answers at once, and says nothing that TensorFlow would say.

Each is asked in a process of its own, without the settings of the tests' process.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks import __main__ as listing
from dcgan.watch.worker import Worker
from toy.play.training import Training

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = [
    f"{file.parent.name}.{file.stem}"
    for package in ("toy", "dcgan")
    for file in sorted((ROOT / package).glob("ch[0-9][0-9]_*.py"))
]
HELP = [
    ["toy"],
    ["benchmarks"],
    ["dcgan", "--help"],
    *(["dcgan", command, "--help"] for command in ("train", "generate", "walk", "find")),
    ["dcgan.generation.pretrained", "--help"],
    ["gan_core.testing", "--help"],
    *([f"benchmarks.{name}", "--help"] for name in listing.NAMES),
    *([name, "--help"] for name in CHAPTERS),
]
# Where TensorFlow were imported, the process would end with this file's line on standard error.
FORBIDDEN = 'raise SystemExit("tensorflow was imported")'
STAND_IN = "ones = list; reduce_sum = sum"  # all of TensorFlow that A_CHAPTER needs
NOISE = "import os; os.write(2, b'cuInit failed\\n')"
FORBIDDEN_KERAS = 'raise SystemExit("keras was imported")'
A_CHAPTER = '''# %% [markdown]
r"""
# 0. A chapter
"""

# %%
from gan_core.app import chapters

chapters.start(__name__)

import dataclasses
from pathlib import Path

import tensorflow as tf

from gan_core.app import command_line

LEAST = 1
FOLDER = Path("runs") / str(LEAST)


@dataclasses.dataclass(frozen=True)
class Config:
    rounds: int = LEAST
    """how many"""
    out: Path = FOLDER  # where to

    def __post_init__(self):
        if self.rounds < LEAST:
            raise ValueError("Config: rounds must be at least 1.")


# %%
if __name__ == "__main__":
    config = command_line.read(Config, __doc__.split("\\n")[1], "python -m chapter")
    print(config.rounds + int(tf.reduce_sum(tf.ones([3]))))
'''


def ask(*arguments, folder=ROOT, before=ROOT, **changes):
    """`python arguments` in `folder`, with the modules in `before` before all others."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES", "GAN_VERBOSE", "COLUMNS")
    }
    environment["PYTHONPATH"] = os.pathsep.join([str(before), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**environment, **changes},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def chapter(tmp_path):
    file = tmp_path / "chapter.py"
    file.write_text(A_CHAPTER, encoding="utf-8")
    return file


@pytest.fixture
def without_tensorflow(tmp_path):
    """A folder with a module that takes TensorFlow's place and ends who imports it."""
    folder = tmp_path / "instead"
    folder.mkdir()
    (folder / "tensorflow.py").write_text(FORBIDDEN, encoding="utf-8")
    return folder


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_needs_no_tensorflow_and_says_nothing_else(arguments, without_tensorflow):
    ended = ask("-m", *arguments, before=without_tensorflow)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert f"python -m {arguments[0]}" in ended.stdout
    if arguments[0].startswith("benchmarks."):
        assert f"usage: python -m {arguments[0]}" in ended.stdout


def test_the_place_of_tensorflow_is_taken(without_tensorflow):
    ended = ask("-c", "import tensorflow", before=without_tensorflow)
    assert (ended.returncode, ended.stderr) == (1, "tensorflow was imported\n")


def test_a_chapters_help_is_that_of_its_config(chapter):
    for flag in ("--help", "-h"):
        ended = ask(str(chapter), "--rounds", "0", flag)
        assert (ended.returncode, ended.stderr) == (0, "")
        told = " ".join(ended.stdout.replace("│", " ").split())
        assert "usage: python -m chapter [-h] [--rounds INT] [--out PATH] # 0. A chapter" in told
        assert "--rounds INT how many (default: 1)" in told
        assert f"--out PATH where to (default: {Path('runs') / '1'})" in told


def test_a_chapter_runs_without_a_word_of_tensorflows(chapter):
    """Its arguments are read twice: before TensorFlow is imported, and by the chapter itself."""
    ended = ask(str(chapter), "--rounds", "2", "--out=elsewhere")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "5\n", "")


@pytest.mark.parametrize(("given", "used"), [({}, "1"), ({"TF_NUM_INTRAOP_THREADS": "2"}, "2")])
def test_a_chapter_of_small_networks_has_one_thread_unless_the_environment_says_more(
    chapter, given, used
):
    """A stand-in for TensorFlow tells what the environment says when it is imported."""
    text = chapter.read_text(encoding="utf-8")
    chapter.write_text(text.replace("start(__name__)", "start(__name__, threads=1)"), "utf-8")
    threads = "import os; print(os.environ['TF_NUM_INTRAOP_THREADS'])"
    chapter.with_name("tensorflow.py").write_text(f"{threads}; {STAND_IN}", encoding="utf-8")
    ended = ask(str(chapter), before=chapter.parent, **given)
    assert (ended.returncode, ended.stdout) == (0, f"{used}\n4\n")


@pytest.mark.parametrize(("flags", "changes"), [(["--verbose"], {}), ([], {"GAN_VERBOSE": "1"})])
def test_who_wants_to_hear_what_tensorflow_says_does(chapter, flags, changes):
    chapter.with_name("tensorflow.py").write_text(f"{NOISE}; {STAND_IN}", encoding="utf-8")
    ended = ask(str(chapter), *flags, before=chapter.parent, **changes)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "4\n", "cuInit failed\n")


def test_a_start_that_fails_shows_what_was_said(chapter):
    broken = chapter.with_name("tensorflow.py")
    broken.write_text("import os; os.write(2, b'no AVX\\n'); raise ImportError('built for others')")
    ended = ask(str(chapter), before=chapter.parent)
    assert ended.returncode == 1
    assert ended.stderr.startswith("no AVX\n")
    assert ended.stderr.endswith("ImportError: built for others\n")


def test_importing_a_chapter_starts_nothing(chapter):
    chapter.with_name("tensorflow.py").write_text("print('imported')")
    ended = ask(
        "-c", "import sys; sys.argv.append('--help'); import chapter", folder=chapter.parent
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "imported\n", "")


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_mistake_in_a_chapters_arguments_is_told_before_tensorflow_is_imported(
    name, without_tensorflow
):
    ended = ask("-m", name, "--seed", "x", before=without_tensorflow)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.startswith("error: ")


def test_what_a_chapters_checks_refuse_is_all_that_it_prints(chapter):
    """They may need the library, so TensorFlow has started by then, here a stand-in that talks."""
    chapter.with_name("tensorflow.py").write_text(f"{NOISE}; {STAND_IN}", encoding="utf-8")
    ended = ask(str(chapter), "--rounds", "0", before=chapter.parent)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "error: --rounds must be at least 1. See python -m chapter --help.\n"


# ---- the processes that compute for a page ----


@pytest.fixture
def forbidden_keras(tmp_path, monkeypatch):
    """A module takes Keras's place, and ends each process that imports it from now on."""
    (tmp_path / "keras.py").write_text(FORBIDDEN_KERAS, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.syspath_prepend(tmp_path)


def test_the_place_of_keras_is_taken(forbidden_keras):
    command = [sys.executable, "-c", "import keras"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.stderr == "keras was imported\n"


def test_the_process_that_plays_starts_without_keras(forbidden_keras):
    training = Training()
    try:
        assert first_news(training)["is"] == "ready"
    finally:
        training.close()


def first_news(training):
    """What the process says first."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        news = training.news()
        if news:
            return news[0]
        time.sleep(0.05)
    raise TimeoutError("the process says nothing")


def test_the_process_that_draws_for_watch_starts_without_keras(forbidden_keras):
    worker = Worker()
    try:
        worker.submit("prepare").result(timeout=300)  # a WorkerError if the process has ended
    finally:
        worker.close()
