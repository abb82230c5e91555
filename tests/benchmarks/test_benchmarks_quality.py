"""Time to quality: the minutes that a contestant has, and what is made of what it shows."""

import json

import numpy as np
import programs
import pytest

from benchmarks import quality
from benchmarks.measure import budget, rows

FACES = np.arange(10 * 4 * 4 * 3, dtype=np.uint8).reshape(10, 4, 4, 3)


class Clock:
    """Time that passes only where rounds are played or faces are made."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now

    def play(self, rounds):
        self.now += 0.5 * rounds

    def sample(self, count):
        self.now += 1000.0
        return FACES[:count]


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(budget, "clock", made)
    return made


def shown(out, clock, **changes):
    options = {"out": str(out), "minutes": 1.0, "every": 0.25, "count": 3, "batch": 8, **changes}
    budget.train(clock.play, clock.sample, options, {"library": "none"})
    return [line for line in budget.lines(out) if "file" in line]


def test_faces_are_shown_at_every_mark_and_making_them_takes_none_of_the_time(tmp_path, clock):
    found = shown(tmp_path, clock)
    minutes = [line["minutes"] for line in found]
    assert len(minutes) == 4
    np.testing.assert_allclose(minutes, [0.25, 0.5, 0.75, 1.0], atol=0.05)
    for line in found:
        assert line["rounds"] == round(line["minutes"] * 60 / 0.5)
        assert line["images"] == 8 * line["rounds"]
        np.testing.assert_array_equal(np.load(tmp_path / line["file"])["images"], FACES[:3])
    assert quality.is_finished(tmp_path, 1.0)
    assert not quality.is_finished(tmp_path, 2.0)


def test_minutes_of_many_digits_are_over_too(tmp_path, clock):
    shown(tmp_path, clock, minutes=27.5 / 60.0)
    assert quality.is_finished(tmp_path, 27.5 / 60.0)


def test_a_round_longer_than_the_marks_shows_faces_once(tmp_path, clock):
    found = shown(tmp_path, clock, every=0.001)
    assert len({line["file"] for line in found}) == len({line["minutes"] for line in found})
    assert found[-1]["minutes"] >= 1.0


def test_time_that_is_over_already_counts(tmp_path, clock):
    options = {"out": str(tmp_path), "minutes": 1.0, "every": 1.0, "count": 1, "batch": 8}
    budget.train(clock.play, clock.sample, options, {}, spent=45.0)
    last = budget.lines(tmp_path)[-1]
    assert last["rounds"] <= 15.0 / 0.5 + 4


def test_a_line_that_was_cut_off_is_passed_over(tmp_path, clock):
    shown(tmp_path, clock)
    whole = budget.lines(tmp_path)
    with open(tmp_path / budget.LOG, "a") as log:
        log.write('{"minutes": 2.0, "fi')
    assert budget.lines(tmp_path) == whole
    assert budget.lines(tmp_path / "nobody") == []


def test_batches_have_every_image_once_an_epoch():
    images = np.arange(10, dtype=np.uint8).reshape(10, 1, 1, 1)
    next_batch = budget.epochs_of_batches(images, 5, seed=0)
    first_epoch = np.concatenate([next_batch(), next_batch()]).ravel()
    second_epoch = np.concatenate([next_batch(), next_batch()]).ravel()
    assert sorted(first_epoch) == sorted(second_epoch) == list(range(10))
    without_rest = budget.epochs_of_batches(images, 4, seed=0)
    assert len(set(np.concatenate([without_rest(), without_rest()]).ravel())) == 8


def rows_of(name, *pairs):
    return [
        {"contestant": name, "minutes": minutes, "Fréchet distance": distance}
        for minutes, distance in pairs
    ]


def test_the_time_to_beat_is_the_first_at_which_ours_is_as_good():
    measured = [
        *rows_of("ours-dcgan", (2.0, 500.0), (4.0, 300.0), (6.0, 250.0)),
        *rows_of("pytorch", (2.0, 900.0), (4.0, 310.0), (6.0, 400.0)),
        *rows_of("lab", (2.0, 100.0)),
    ]
    assert quality.best_of(measured, "pytorch")["minutes"] == 4.0
    assert quality.time_to_beat(measured) == [
        "ours-dcgan reaches pytorch's best, 310.0 after 4.0 minutes, after 4.0",
        "ours-dcgan does not reach lab's best, 100.0 after 2.0 minutes",
    ]
    assert quality.time_to_beat(rows_of("lab", (2.0, 100.0))) == []


def test_each_of_our_trainings_is_compared_with_everyone_elses():
    measured = [
        *rows_of("ours-dcgan@2", (2.0, 300.0)),
        *rows_of("pytorch", (2.0, 400.0), (4.0, 310.0), (6.0, 250.0)),
        *rows_of("ours-dcgan", (2.0, 500.0), (4.0, 200.0)),
    ]
    assert quality.time_to_beat(measured) == [
        "ours-dcgan@2 does not reach pytorch's best, 250.0 after 6.0 minutes",
        "ours-dcgan reaches pytorch's best, 250.0 after 6.0 minutes, after 4.0",
    ]


def test_a_contestant_may_have_minutes_of_its_own(tmp_path, monkeypatch):
    told = []

    def train(command):
        told.append(json.loads(command[-1]))
        return 0, "", "", None

    monkeypatch.setattr(quality.rows, "run", train)
    monkeypatch.setattr(quality.importlib.util, "find_spec", lambda name: name)
    config = quality.Config(out=tmp_path, minutes=60.0)
    for entry in ("pytorch", "pytorch@10"):
        assert quality._train(entry, config, {"learnt": "learnt.npy"}, rows.console()) == ""
    assert [(options["minutes"], options["out"]) for options in told] == [
        (60.0, str(tmp_path / "pytorch")),
        (10.0, str(tmp_path / "pytorch@10")),
    ]


def test_everyone_who_has_shown_faces_is_found(tmp_path):
    for name in ("pytorch", "pytorch@10", "pytorch@2", "ours-dcgan", "lab@1.5"):
        (tmp_path / name).mkdir()
        (tmp_path / name / budget.LOG).touch()
    (tmp_path / "factor_classifier").mkdir()
    found = quality.everyone_in(tmp_path)
    assert found == ["ours-dcgan", "pytorch@2", "pytorch@10", "pytorch", "lab@1.5"]


def test_a_folder_of_other_settings_is_refused(tmp_path):
    quality._keep_settings(quality.Config(out=tmp_path, minutes=1.0))
    quality._keep_settings(quality.Config(out=tmp_path, minutes=1.0, only=("lab",)))
    with pytest.raises(ValueError, match=r"minutes must be 1.0, as in .*settings.json, got 2.0"):
        quality._keep_settings(quality.Config(out=tmp_path, minutes=2.0))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"only": ("keras",)}, "only must be one of ours-dcgan, ours-radford"),
        ({"only": ("keras@10",)}, "only must be one of ours-dcgan, ours-radford"),
        ({"only": ("lab@ten",)}, "only must be name@minutes, such as pytorch@10, got 'lab@ten'"),
        ({"only": ("lab@0",)}, "only: lab@ must be"),
        ({"only": ("lab@nan",)}, "only: lab@ must be"),
        ({"minutes": 0.0}, "minutes must be"),
        ({"count": 5}, "count must be a whole number"),
        ({"precision": "half"}, "precision must be one of float32"),
    ],
)
def test_wrong_options(wrong, message):
    with pytest.raises(ValueError, match=message):
        quality.Config(**wrong)


@pytest.mark.slow
def test_the_labs_networks_have_the_parameters_that_it_prints():
    """LAB: G 3,578,624 parameters, D 2,767,360; the tutorial's G makes 64 pixels."""
    program = """
import json
from benchmarks.contestants import keras_quality
g, d = keras_quality.lab()
tutorial, judge = keras_quality.tutorial()
sizes = [tutorial.output_shape, judge.output_shape, d.output_shape]
print(json.dumps([g.count_params(), d.count_params(), sizes]))
"""
    done = programs.run(["-c", program], check=True)
    g, d, sizes = json.loads(done.stdout.splitlines()[-1])
    assert (g, d) == (3_578_624, 2_767_360)
    assert sizes == [[None, 64, 64, 3], [None, 1], [None, 2, 2, 1]]
