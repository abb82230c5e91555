"""What all tests share: Hypothesis's profiles, and tf.function in other ways."""

import functools
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator

import hypothesis
import programs
import pytest

os.environ["CUDA_VISIBLE_DEVICES"] = (
    "-1"  # every test is of numbers, and a GPU rounds otherwise from run to run
)

# A shell's background job ignores Ctrl-C, and what it starts inherits that. The tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Ten examples find every wrong subject of tests/gan_core/testing/wrong, in half the time of 25.
hypothesis.settings.register_profile("dev", deadline=None, max_examples=10)
hypothesis.settings.register_profile("ci", deadline=None, max_examples=10, derandomize=True)
# By --hypothesis-profile: many examples; few, and no search for the smallest one that fails.
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1000)
hypothesis.settings.register_profile(
    "quick",
    deadline=None,
    max_examples=10,
    derandomize=True,
    database=None,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")

pytest.register_assert_rewrite("chapters")  # it asserts, in a file not named test_


@pytest.fixture
def few_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three examples of a law, where another test puts the law to the same subject with all."""
    from gan_core.testing import law

    settings = law.search_settings
    monkeypatch.setattr(
        law, "search_settings", lambda: hypothesis.settings(settings(), max_examples=3)
    )


@pytest.fixture
def not_compiled() -> Iterator[None]:
    """A tf.function is the Python function itself: sooner for a few steps than compiling them."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def no_autograph(monkeypatch: pytest.MonkeyPatch) -> None:
    """For graphs without branches and loops: AutoGraph has nothing to convert, and takes seconds."""
    import tensorflow as tf

    monkeypatch.setattr(tf, "function", functools.partial(tf.function, autograph=False))


# Made by whoever comes first: the process that hands tests out, or the only one.
IS_FIRST = programs.PLACE not in os.environ
if IS_FIRST:
    os.environ[programs.PLACE] = tempfile.mkdtemp(prefix="gan-")


def pytest_unconfigure() -> None:
    """The server of programs.py ends by itself when the tests have; its folder goes here."""
    if IS_FIRST:
        shutil.rmtree(os.environ.pop(programs.PLACE), ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests come first, so that all workers end at about the same time."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
