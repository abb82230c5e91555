"""A dataclass is the command line; what is wrong is one line and an exit code."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from gan_core import checks
from gan_core.app import command_line
from gan_core.runs.loop import NotFiniteError

ROOT = Path(__file__).resolve().parents[3]


@dataclasses.dataclass(frozen=True)
class Config:
    """A run."""

    rounds: int = 100  # how many rounds to play
    learning_rate: float = 2e-4  # of both players
    loss: str = "hinge"  # by name
    fast: bool = False  # a switch

    def __post_init__(self):
        checks.number("Config", "learning_rate", self.learning_rate, above=0.0)


def run(function, *arguments):
    command_line.run(
        Config, function, "Train something.", program="train", arguments=list(arguments)
    )


def ended(capsys, code, function, *arguments):
    """Its exit code is as said. -> what it wrote to stdout and to stderr."""
    with pytest.raises(SystemExit) as ending:
        run(function, *arguments)
    assert ending.value.code == code
    return capsys.readouterr()


def raiser(error):
    def function(config):
        raise error

    return function


def test_every_field_is_a_flag_and_the_rest_keep_their_defaults():
    seen = []
    run(seen.append, "--rounds", "7", "--learning-rate", "0.5")
    run(seen.append)
    assert seen == [Config(7, 0.5, "hinge"), Config()]
    assert command_line.read(Config, "Train something.", arguments=["--loss", "minimax"]) == Config(
        loss="minimax"
    )


@pytest.mark.parametrize(
    ("arguments", "came"),
    [
        (["--loss=~/a"], "HOME/a"),  # which a shell leaves as it is
        (["--loss", "~/a"], "HOME/a"),
        (["--loss", "~"], "HOME"),
        (["--loss", "a~/b~"], "a~/b~"),
        (["--loss=a=~"], "a=~"),
    ],
)
def test_a_tilde_is_the_home_and_never_a_folder_of_that_name(monkeypatch, arguments, came):
    monkeypatch.setenv("HOME", "HOME")
    monkeypatch.setenv("USERPROFILE", "HOME")
    assert command_line.parse(Config, "Train something.", arguments=arguments).loss == came


def test_help_tells_each_field_with_its_comment_and_default(capsys):
    written = ended(capsys, 0, raiser(AssertionError("must not be called")), "--help").out
    for words in (
        "Train something.",
        "usage: train",
        "--rounds",
        "how many rounds to play",
        "100",
        "--learning-rate",
        "of both players",
    ):
        assert words in written


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--rounds", "many"], "many"),
        (["--speed", "3"], "--speed"),
        (["--rounds"], "--rounds"),
        (["faces"], "faces"),
        (["--round", "3"], "--round, 3. Perhaps you meant --rounds. See train --help."),
    ],
)
def test_arguments_that_are_wrong_are_one_line_and_code_2(capsys, arguments, word):
    written = ended(capsys, 2, raiser(AssertionError("must not be called")), *arguments)
    assert written.out == ""
    assert written.err.startswith("error: ")
    assert word in written.err
    assert written.err.endswith(" See train --help.\n")
    assert written.err.count("\n") == 1


def test_a_field_is_told_as_the_flag_it_is_and_no_other_word_is_changed(capsys):
    """From __post_init__ and from the function alike; in Python it is `Config: learning_rate`."""
    with pytest.raises(
        ValueError, match=r"^Config: learning_rate must be a finite number above 0, got -1\.0\.$"
    ):
        Config(learning_rate=-1.0)
    assert ended(
        capsys, 2, raiser(AssertionError("must not be called")), "--learning-rate", "-1"
    ).err == (
        "error: --learning-rate must be a finite number above 0, got -1.0. See train --help.\n"
    )
    for words, told in (
        ("Config: rounds must be even, got 3.", "--rounds must be even, got 3."),
        ("Config: rounds_left must be even.", "Config: rounds_left must be even."),
        ("dcgan train: rounds must be even.", "--rounds must be even."),
        ("generate: learning_rate must be 1.", "--learning-rate must be 1."),
        ("loss: best cannot be read.", "--loss: best cannot be read."),
        ("fast: yes or no.", "fast: yes or no."),
        ("config.json: rounds must be even.", "config.json: rounds must be even."),
        ("Conv2D: rounds must be even.", "Conv2D: rounds must be even."),
        ("data.stream: rounds must be even.", "data.stream: rounds must be even."),
        ("Sampler: rounds must be even.", "Sampler: rounds must be even."),
        ("the Config: rounds must be even.", "the Config: rounds must be even."),
    ):
        assert ended(capsys, 2, raiser(ValueError(words))).err == f"error: {told}\n"


def test_a_value_error_is_one_line_and_code_2(capsys):
    """As it stands: brackets are no markup, a long line is not cut."""
    words = (
        "GANTrainer.round: real must be [batch, 2], got [8, 3]."
        + " And so on, [red]at length[/red]." * 10
    )
    assert ended(capsys, 2, raiser(ValueError(words))).err == f"error: {words}\n"


def test_a_training_that_is_no_longer_finite_ends_with_code_1(capsys):
    assert ended(capsys, 1, raiser(NotFiniteError("d_loss is nan"))).err == "error: d_loss is nan\n"


def test_a_reader_that_has_gone_is_no_error_of_ours(capsys):
    assert ended(capsys, 1, raiser(BrokenPipeError())).err == ""


def test_a_fault_of_ours_keeps_its_traceback():
    with pytest.raises(TypeError, match="a fault"):
        run(raiser(TypeError("a fault")))


def test_the_exit_code_of_a_stopped_run_is_its_own(capsys):
    ended(capsys, 130, raiser(SystemExit(130)))


def test_what_a_disk_refuses_is_one_line_and_code_1(capsys):
    error = PermissionError(13, "Permission denied", "/closed/faces.png")
    assert (
        ended(capsys, 1, raiser(error)).err
        == "error: [Errno 13] Permission denied: '/closed/faces.png'\n"
    )


def test_ctrl_c_anywhere_is_one_word_and_code_130(capsys):
    assert ended(capsys, 130, raiser(KeyboardInterrupt())).err == "stopped.\n"


def test_a_full_device_is_one_line_and_code_1(capsys):
    error = tf.errors.ResourceExhaustedError(
        None, None, "OOM when allocating tensor with shape[4096,64]\nHint: ..."
    )
    assert ended(capsys, 1, raiser(error)).err == (
        "error: the device's memory is full. Ask for less at once (a smaller batch). OOM when allocating tensor with "
        "shape[4096,64]\n"
    )


def test_an_interrupt_with_words_and_a_code_of_its_own_brings_them(capsys):
    interrupt = KeyboardInterrupt("Stopped after round 5. To resume: [see] it")
    interrupt.exit_code = 143
    told = ended(capsys, 143, raiser(interrupt)).err
    assert told == "Stopped after round 5. To resume: [see] it\n"


# ---------------------------------------------------------------- notebooks


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["chapter.py", "--rounds", "12"], 12),
        (["chapter.py"], 100),
        (["/lib/ipykernel_launcher.py", "-f", "/run/kernel-1.json"], 100),
        (["/lib/colab_kernel_launcher.py", "-f", "/run/kernel-2.json"], 100),
        (["/lib/ipykernel_launcher.py", "--f=/run/kernel-v3.json"], 100),
        (["launcher.py", "--f=/run/kernel-v3.json"], 100),
        ([""], 100),
    ],
)
def test_in_a_notebook_only_a_file_that_is_run_has_arguments(monkeypatch, argv, expected):
    """`%run chapter.py --rounds 12` sets sys.argv; else it is the kernel's own."""
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(sys, "argv", argv)
    assert command_line.read(Config, "Train something.").rounds == expected


def test_nonsense_given_to_a_file_that_is_run_in_a_notebook_is_told(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    monkeypatch.setattr(sys, "argv", ["chapter.py", "--nonsense"])
    with pytest.raises(SystemExit) as ending:
        command_line.read(Config, "Train something.")
    assert ending.value.code == 2
    assert ending.value.__suppress_context__  # IPython stumbles over one with a cause
    assert "--nonsense" in capsys.readouterr().err


# ---------------------------------------------------------------- output that fails


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("name", ["走る", "r\udcff", "±é"])
def test_a_name_that_the_terminal_cannot_show_does_not_stop_work(encoding, name):
    code = (
        "import sys\nfrom gan_core.app import command_line\n"
        "name = sys.argv[1].encode().decode('unicode_escape')\n"
        "command_line.say(f'wrote [{name}]')\n"
        "command_line.let_output_never_fail()\nprint(name)\nprint('end')"
    )
    escaped = name.encode("ascii", "backslashreplace").decode()
    child = subprocess.run(
        [sys.executable, "-c", code, escaped],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (child.returncode, child.stderr) == (0, b"")
    told = child.stdout.splitlines()
    assert len(told) == 3
    assert told[0].startswith(b"wrote [")
    assert told[2] == b"end"


def test_a_reader_that_leaves_does_not_stop_work():
    code = (
        "import os, sys\nfrom gan_core.app import command_line\n"
        "for i in range(2_000):\n    command_line.say('x' * 100)\n"
        "os.write(2, b'worked to the end')"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    child.stdout.readline()
    child.stdout.close()
    assert child.communicate()[1] == b"worked to the end"
    assert child.returncode == 0


# ---------------------------------------------------------------- tyro's box


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (
            "╭─ Error ─╮\n│ Unknown --x │\n│ it is │\n├──────┤\n│ more │\n╰──╯\n",
            "Unknown --x it is.",
        ),
        ("── Error ──\nUnknown --x\n-----------\nmore\n", "Unknown --x."),
        ("no box.\n", "no box."),
        (
            "╭─ Error ─╮\n│ Bad │\n│ ──── │\n│ Perhaps you meant: │\n│ --round │\n╰──╯\n",
            "Bad. Perhaps you meant --round.",
        ),
        ("╭─ Error ─╮\n│ Bad. Did you mean hair? │\n╰──╯\n", "Bad. Did you mean hair?"),
    ],
)
def test_the_first_paragraph_of_a_box_and_what_was_meant(box, words):
    assert command_line._what_the_box_says(box) == words
