"""python -m gan_core.testing and pytest -p gan_core.testing.plugin, in a folder of their own."""

import os
import sys
from pathlib import Path

import programs
import pytest

from gan_core.testing import __main__ as program
from gan_core.testing.loading import CannotLoad, load

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]

MODULE = '''
"""Two classic mistakes: the logarithm of a rounded probability in D, a sum for a mean in G."""
import tensorflow as tf
from gan_core import losses, penalties, testing
from gan_core.losses import GANLoss


def discriminator(real, fake):
    log = lambda probability: tf.math.log(probability + 1e-8)
    return -tf.reduce_mean(log(tf.sigmoid(real))) - tf.reduce_mean(log(1.0 - tf.sigmoid(fake)))


def generator(real, fake):
    return tf.reduce_sum(tf.nn.softplus(-fake))


WRONG = GANLoss("mine", discriminator, generator, claims=("non-saturating",))
RIGHT = losses.HINGE
R1 = testing.Penalty(penalties.r1(1.0), at="real", name="r1")
A_NUMBER = 3
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A current directory with modules in it; no trace of it is left on sys.path."""
    (tmp_path / "my_losses.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("import no_such_module_anywhere\n")
    (tmp_path / "leaving.py").write_text("import sys\nsys.exit(0)\n")
    (tmp_path / "test_not_mine.py").write_text("assert False, 'collected'\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "my_losses", raising=False)
    return tmp_path


def run(folder, *arguments):
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    return programs.run(["-m", *arguments], cwd=folder, env=environment)


def verdicts(table):
    """{name of a law: verdict} of a printed table."""
    lines = [line for line in table.splitlines() if line[:3].strip().isdigit()]
    rows = [line[5:].split() for line in lines if line[3:5] == "  "]
    return {row[0]: row[1] for row in rows}


def test_a_wrong_loss_has_exit_code_1_and_a_table(folder):
    done = run(folder, "gan_core.testing", "my_losses:WRONG")
    assert done.returncode == 1, done.stderr
    found = verdicts(done.stdout)
    assert found["far_from_right_the_loss_is_the_logit"] == "BROKEN"
    assert found["mean_over_the_batch"] == "BROKEN"
    assert found["order_does_not_matter"] == "holds"
    assert found["the_best_d_is_log_p_over_q"] == "holds"
    assert found["the_best_hinge_d_is_sign_p_minus_q"] == "not"
    assert "it looks like a sum over the batch in place of a mean" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("few_examples")
def test_a_right_penalty_has_exit_code_0(folder, monkeypatch, capsys):
    """That it keeps the laws is shown in test_penalty_laws.py."""
    monkeypatch.chdir(folder)
    assert program.main(["my_losses:R1"]) == 0
    assert set(verdicts(capsys.readouterr().out).values()) == {"holds", "not"}


def test_what_is_not_there_has_exit_code_2_and_one_line(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert program.main(["my_losses:MISSING"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == (
        "python -m gan_core.testing: my_losses:MISSING: my_losses has no MISSING; "
        "the objects in it that have laws: WRONG, RIGHT, R1."
    )


def test_the_plugin_needs_no_test_file(folder):
    """And it runs none: the folder's own test file is left alone."""
    done = run(
        folder,
        "pytest",
        "-p",
        "gan_core.testing.plugin",
        "-p",
        "no:cacheprovider",
        "--gan-loss",
        "my_losses:WRONG",
        "-k",
        "repeats or order or jensen or pairing",
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "my_losses:WRONG::repeats_change_nothing" in done.stdout
    assert "law 19 repeats_change_nothing is broken by the loss 'mine'" in done.stdout
    assert "Traceback" not in done.stdout
    assert "test_not_mine" not in done.stdout
    table = done.stdout[done.stdout.index(" laws ") :].splitlines()
    assert [line.rstrip() for line in table[1:5]] == [
        "BROKEN      my_losses:WRONG::jensen",
        "holds       my_losses:WRONG::order_does_not_matter",
        "BROKEN      my_losses:WRONG::repeats_change_nothing",
        "not claimed my_losses:WRONG::the_pairing_matters (claimed by relativistic; this loss "
        "claims non-saturating)",
    ]


def test_the_plugin_refuses_in_one_line(folder):
    arguments = ["-p", "gan_core.testing.plugin", "--gan-loss", "my_losses"]
    done = run(folder, "pytest", *arguments)
    assert done.returncode == 4
    assert done.stderr.strip().splitlines()[-1] == (
        "ERROR: --gan-loss must be MODULE:NAME, such as my_losses:MINE, got 'my_losses'."
    )


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (":WRONG", "must be MODULE:NAME, such as my_losses:MINE, got ':WRONG'."),
        ("my_losses:", "must be MODULE:NAME, such as my_losses:MINE, got 'my_losses:'."),
        (
            "my_losses:NOT THIS",
            "must be MODULE:NAME, such as my_losses:MINE, got 'my_losses:NOT THIS'.",
        ),
        (
            "my_losses:A_NUMBER",
            "my_losses:A_NUMBER: the subject must be a GANLoss, or testing.Penalty, Layer, "
            "Optimizer, Generator, Discriminator, Latent or Augmentation, got int 3. "
            "Wrap a function: testing.Penalty(my_penalty, at='real').",
        ),
        (
            "absent_losses:X",
            "absent_losses:X: importing absent_losses from {folder} failed: "
            "ModuleNotFoundError: No module named 'absent_losses'",
        ),
        (
            "broken:X",
            "broken:X: importing broken from {folder} failed: "
            "ModuleNotFoundError: No module named 'no_such_module_anywhere'",
        ),
        (
            "leaving:X",
            "leaving:X: importing leaving from {folder} failed: SystemExit: 0",
        ),
    ],
)
def test_what_cannot_be_loaded_is_told_in_one_line(folder, where, message):
    with pytest.raises(CannotLoad) as error:
        load(where, folder)
    assert str(error.value) == message.format(folder=folder)


def test_a_good_loss_is_found_in_the_folder(folder):
    assert load("my_losses:WRONG", folder).name == "mine"
