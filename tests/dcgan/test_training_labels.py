"""A conditional run: resumed bit by bit, exported with its labels, started from by its like alone."""

import re

import numpy as np
import pytest
import tiny_faces
from rich.console import Console

from dcgan import training
from dcgan.config import Config
from dcgan.data import labels
from dcgan.generation import avatars, trained_generator

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("faces_drawn_once")]

SILENT = Console(quiet=True)
TINY = {**tiny_faces.SHORT, "labels": "hair,glasses"}


def train(path, *, console=SILENT, **changes):
    return training.train(Config(**{**TINY, "run": path, **changes}), console)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    return train(tmp_path_factory.mktemp("labels") / "run")


@pytest.mark.usefixtures("without_output")
def test_a_resumed_run_has_the_same_bits(done, tmp_path):
    train(tmp_path / "run", epochs=1)
    resumed, _ = train(None, epochs=2, resume=tmp_path / "run")
    came = resumed.state()
    for name, variable in done[0].state().items():
        np.testing.assert_array_equal(came[name], variable, err_msg=name)


def test_labels_lie_in_the_run_and_in_the_export(done):
    _, run = done
    for folder in (run.path, run.generator):
        assert labels.read(folder).factors["glasses"] == ("no", "yes")


def test_the_export_is_asked_for_labels(done):
    generator = trained_generator.load(done[1].path)
    asked = generator.asked(["glasses=yes"])
    column = generator.labels_of(40, 3, asked)[:, 1]
    np.testing.assert_array_equal(column, np.ones(40, int))
    assert generator.sample(3, 3, asked).shape == (3, 32, 32, 3)
    painter = avatars.Painter(generator, 0, asked)
    np.testing.assert_array_equal(painter(["anna", "bob"])[1:], painter(["bob"]))
    with pytest.raises(
        ValueError, match=re.escape("the package's generator without labels was trained")
    ):
        trained_generator.load().asked(["hair=blue"])
    assert trained_generator.load(with_labels=True).asked(["hair=blue"]) == {"hair": "blue"}


def test_at_its_end_a_training_says_how_to_ask(tmp_path, capsys):
    train(tmp_path / "run", console=Console())
    said = " ".join(capsys.readouterr().out.split())
    assert said.endswith("--count 64 --out generated --label hair=silver")


def test_a_run_of_other_labels_is_not_started_from(done, tmp_path):
    with pytest.raises(ValueError, match=r"start_from must be a run with the labels of this one"):
        train(tmp_path / "run", start_from=done[1].path, labels="hair")
    with pytest.raises(ValueError, match=r"start_from must be a run with the labels of this one"):
        train(tmp_path / "other", start_from=done[1].path, labels=None)
    assert not list(tmp_path.iterdir())  # no folder takes the name from the next try


def test_faces_that_are_gone_are_told_before_their_table_of_labels(tmp_path):
    """Both were moved together: where the faces are now is what has to be said."""
    config = Config(data=tmp_path / "gone", labels=str(tmp_path / "gone" / "labels.csv"))
    with pytest.raises(ValueError, match=r"^Config: data must be .*gone, which does not exist"):
        training.train(config, SILENT)
