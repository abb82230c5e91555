"""pytest --loss my_module:MY_LOSS: which laws a wrong loss breaks, and what a wrong --loss is told."""

import os
import pathlib
import subprocess
import sys

import pytest
from own_loss import load_loss

TESTS = pathlib.Path(__file__).parents[1]

WRONG = '''
"""Two classic mistakes: the logarithm of a rounded probability in D, a sum in place of a mean in G."""
import tensorflow as tf
from gan_core.losses import GANLoss


def discriminator(real, fake):
    log = lambda probability: tf.math.log(probability + 1e-8)
    return -tf.reduce_mean(log(tf.sigmoid(real))) - tf.reduce_mean(log(1.0 - tf.sigmoid(fake)))


WRONG = GANLoss("non-saturating", discriminator, lambda real, fake: tf.reduce_sum(tf.nn.softplus(-fake)))
A_NUMBER = 3
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current directory with a module in it; no trace of it is left on sys.path."""
    (tmp_path / "my_losses.py").write_text(WRONG)
    (tmp_path / "broken.py").write_text("import no_such_module_anywhere\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_losses", raising=False)
    return tmp_path


def test_the_suite_tells_which_laws_a_wrong_loss_breaks(folder):
    """A mistake breaks the laws that speak of it, and no other: the order of a batch, D's best on a few points."""
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            str(TESTS / "gan_core" / "test_loss_laws.py"),
            "--loss",
            "my_losses:WRONG",
            "-q",
            "-n",
            "0",
            "-p",
            "no:cacheprovider",
            "--tb=no",
            "--hypothesis-profile",
            "quick",
            "-k",
            "law_02_far or law_05_gradients or law_08 or law_10 or law_18 or law_19",
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    title = 'my_losses:WRONG, the loss named "non-saturating"'
    report = run.stdout[run.stdout.index(title) :].splitlines()[1:]
    assert [line.rstrip() for line in report[:8]] == [
        "FAILS       law 02 far from right the loss is the logit",
        "FAILS       law 05 gradients of the logits",
        "holds       law 08 the best d is log p over q and gives log 4 minus 2 js",
        "not claimed law 10 the best hinge d is sign p minus q and gives 2 minus 2 tv "
        "(claimed by hinge; this loss is named 'non-saturating')",
        "holds       law 18 the order of a batch does not matter",
        "not claimed law 18 the pairing of a relativistic loss does matter "
        "(claimed by relativistic; this loss is named 'non-saturating')",
        "FAILS       law 19 a loss is a mean over the batch and nothing else",
        "FAILS       law 19 a sample seen twice in its batch changes nothing",
    ]


def test_a_good_loss_is_found_in_the_current_directory(folder):
    assert load_loss("my_losses:WRONG", folder).name == "non-saturating"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("my_losses", "--loss must be MODULE:NAME, such as my_module:MY_LOSS, got 'my_losses'."),
        (":WRONG", "--loss must be MODULE:NAME, such as my_module:MY_LOSS, got ':WRONG'."),
        ("my_losses:", "--loss must be MODULE:NAME, such as my_module:MY_LOSS, got 'my_losses:'."),
        (
            "my_losses:NOT THIS",
            "--loss must be MODULE:NAME, such as my_module:MY_LOSS, got 'my_losses:NOT THIS'.",
        ),
        (
            "my_losses:RIGHT",
            "--loss my_losses:RIGHT: my_losses has no RIGHT; its GANLoss objects: WRONG.",
        ),
        (
            "my_losses:A_NUMBER",
            "--loss my_losses:A_NUMBER: A_NUMBER must be a gan_core.losses.GANLoss, got a int.",
        ),
        (
            "absent_losses:X",
            "--loss absent_losses:X: importing absent_losses from {folder} failed: "
            "ModuleNotFoundError: No module named 'absent_losses'",
        ),
        (
            "broken:X",
            "--loss broken:X: importing broken from {folder} failed: "
            "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
        ),
    ],
)
def test_a_wrong_option_is_told_in_one_line(folder, where, message):
    with pytest.raises(pytest.UsageError) as error:
        load_loss(where, folder)
    assert str(error.value) == message.format(folder=folder)
