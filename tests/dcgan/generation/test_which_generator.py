"""Which of the package's two generators a command takes, and what it says of rare combinations."""

import numpy as np
import pytest
from rich.console import Console

from dcgan.data.labels import LabelSet
from dcgan.generation import find, generate, trained_generator, walk
from dcgan.generation.find import Find
from dcgan.generation.generate import Generate
from dcgan.generation.trained_generator import Generator
from dcgan.generation.walk import Walk
from dcgan.judge import report
from dcgan.judge.command import Judge


class StoppedError(Exception):
    """In place of a generator."""


@pytest.fixture
def asked_for(monkeypatch, tmp_path):
    """What `load` was called with."""
    monkeypatch.chdir(tmp_path)
    calls = []

    def load(run, *, with_labels=False):
        calls.append((run, with_labels))
        raise StoppedError

    monkeypatch.setattr(trained_generator, "load", load)
    return calls


@pytest.mark.parametrize(
    ("command", "config", "with_labels"),
    [
        (generate.generate, Generate(count=1), True),
        (generate.generate, Generate(count=1, without_labels=True), False),
        (generate.generate, Generate(labels=True), True),
        (generate.generate, Generate(labels=True, without_labels=True), False),
        (walk.walk, Walk(), False),
        (walk.walk, Walk(label=("hair=blue",)), True),
        (find.find, Find(generated=1), False),
        (find.find, Find(generated=1, label=("hair=blue",)), True),
    ],
)
def test_a_command_takes_the_generator_that_its_help_says(command, config, with_labels, asked_for):
    with pytest.raises(StoppedError):
        command(config)
    assert asked_for == [(None, with_labels)]


@pytest.mark.parametrize(("without_labels", "drawn"), [(False, 65_536), (True, 16_384)])
def test_judge_takes_a_generator_and_the_faces_that_it_learnt_from(
    without_labels, drawn, asked_for
):
    config = Judge(without_labels=without_labels)
    with pytest.raises(StoppedError):
        report._generated(config, Console())
    assert asked_for == [(None, not without_labels)]
    assert report._training_config(config).drawn == drawn


@pytest.mark.parametrize("option", ["faces", "compare"])
def test_judge_refuses_a_choice_of_generator_where_files_hold_the_faces(option, tmp_path):
    value = tmp_path if option == "faces" else (tmp_path,)
    with pytest.raises(ValueError, match=r"^Judge: without_labels must be left out where files"):
        Judge(data=tmp_path, without_labels=True, **{option: value})


@pytest.mark.parametrize(
    ("label", "words"),
    [
        (["hair=red", "glasses=no", "hat=yes"], ""),  # each pair was there, all three never
        (["hair=red"], ""),
        (["hair=blue", "glasses=no", "hat=no"], "hair=blue and hat=no together: expect poor"),
    ],
)
def test_a_warning_comes_only_where_two_values_were_never_together(label, words, capsys):
    factors = {"hair": ("red", "blue"), "glasses": ("no", "yes"), "hat": ("no", "yes")}
    rows = np.array([[0, 0, 0], [0, 1, 1], [1, 0, 1], [0, 1, 0]])
    known = LabelSet.of_rows("csv", factors, rows)
    generator = Generator(None, 2, 4, "asked", known)
    generate._asked(Generate(count=1, label=tuple(label)), generator, Console(width=200))
    said = capsys.readouterr().out
    if words:
        assert said.count("expect poor faces") == 1
        assert words in said
    else:
        assert said == ""
