"""Time to quality: the minutes that a contestant has, and what is made of what it shows."""

import json
from pathlib import Path

import numpy as np
import programs
import pytest

from benchmarks import quality, quality_plots
from benchmarks.measure import budget, devices, rows
from dcgan.measures import judges
from dcgan.measures.features import efficientnet

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


def test_minutes_that_are_over_before_the_first_round_leave_time_for_one(tmp_path, clock):
    options = {"out": str(tmp_path), "minutes": 1.0, "every": 1.0, "count": 1, "batch": 8}
    budget.train(clock.play, clock.sample, options, {}, spent=90.0)
    (line,) = [line for line in budget.lines(tmp_path) if "file" in line]
    assert (line["rounds"], line["minutes"]) == (1, round(90.5 / 60.0, budget.DIGITS))
    assert quality.is_finished(tmp_path, 1.0)


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


def test_fewer_faces_than_a_batch_are_refused():
    words = "faces to learn from must be at least 11, a batch of this recipe, got 10"
    with pytest.raises(ValueError, match=words):
        budget.epochs_of_batches(FACES, 11, seed=0)


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
    (tmp_path / "pytorch@old").mkdir()
    (tmp_path / "pytorch@old" / budget.LOG).touch()
    found = quality.everyone_in(tmp_path)
    assert found == ["ours-dcgan", "pytorch@2", "pytorch@10", "pytorch", "lab@1.5"]


@pytest.fixture
def nothing_is_trained(monkeypatch):
    """The commands of the trainings that would be started."""
    commands = []

    def train(command):
        commands.append(command)
        return 0, "", "", None

    monkeypatch.setattr(quality.rows, "run", train)
    monkeypatch.setattr(quality.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(devices, "use", lambda device: "CPU")
    monkeypatch.setattr(devices, "find", lambda device: "cpu")
    monkeypatch.setattr(efficientnet, "load", lambda: None)
    return commands


def without_faces(monkeypatch):
    """What is there already need not be read."""
    found = {"learnt": "learnt.npy"}
    monkeypatch.setattr(quality, "_faces", lambda config, console: found)


@pytest.mark.slow
def test_a_folder_of_other_settings_is_refused(tmp_path):
    few = {"out": tmp_path, "drawn": 200, "count": 100}
    quality._faces(quality.Config(**few, minutes=1.0), rows.console())
    quality._check_settings(quality.Config(**few, minutes=1.0, only=("lab",)))
    with pytest.raises(ValueError, match=r"minutes must be 1.0, as in .*settings.json, got 2.0"):
        quality._check_settings(quality.Config(**few, minutes=2.0))


@pytest.mark.usefixtures("nothing_is_trained")
def test_data_that_cannot_be_read_do_not_decide_which_data_the_folder_has(tmp_path):
    config = quality.Config(data=tmp_path / "faces.zpi", out=tmp_path / "out")
    with pytest.raises(ValueError, match=r"^Config: data must be a folder .* does not exist"):
        quality.main(config)
    quality._check_settings(quality.Config(data=tmp_path / "faces.zip", out=tmp_path / "out"))


@pytest.mark.usefixtures("nothing_is_trained")
def test_a_folder_that_cannot_be_written_is_told_before_the_faces_are_read(tmp_path, capsys):
    (tmp_path / "file").touch()
    arguments = ["--out", str(tmp_path / "file")]
    with pytest.raises(SystemExit) as end:
        quality.run(quality.Config, quality.main, "", "quality", arguments)
    assert end.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "quality.csv cannot be written" in line
    assert "Choose another --out." in line


@pytest.mark.slow
def test_too_few_faces_to_judge_by_are_refused_before_anyone_trains(tmp_path):
    config = quality.Config(drawn=100, out=tmp_path / "out")
    with pytest.raises(ValueError, match=r"drawn must be at least 200 faces, .* got 100"):
        quality._faces(config, rows.console())
    assert not config.out.exists()


def test_a_folder_that_is_no_contestants_is_not_deleted(tmp_path, nothing_is_trained, monkeypatch):
    without_faces(monkeypatch)
    mine = tmp_path / "pytorch" / "setup.py"
    mine.parent.mkdir()
    mine.write_text("a checkout of PyTorch")
    config = quality.Config(out=tmp_path, only=("ours-dcgan", "pytorch"))
    with pytest.raises(ValueError, match=r"out must be a folder of this .* pytorch holds other"):
        quality.main(config)
    assert mine.exists()
    assert nothing_is_trained == []


def test_a_precision_that_the_device_lacks_is_refused_before_anyone_trains(
    tmp_path, nothing_is_trained, monkeypatch
):
    without_faces(monkeypatch)
    with pytest.raises(ValueError, match="tf32 needs an NVIDIA GPU"):
        quality.main(quality.Config(out=tmp_path, precision="tf32"))
    assert nothing_is_trained == []


def test_a_judge_that_is_not_installed_is_told_before_anyone_trains(
    tmp_path, nothing_is_trained, monkeypatch
):
    def load():
        raise ValueError("judge: the network is not installed.")

    without_faces(monkeypatch)
    monkeypatch.setattr(efficientnet, "load", load)
    with pytest.raises(ValueError, match="judge: the network is not installed"):
        quality.main(quality.Config(out=tmp_path))
    assert nothing_is_trained == []


@pytest.mark.usefixtures("nothing_is_trained")
def test_a_gpus_memory_is_left_to_the_contestants(tmp_path, monkeypatch):
    """TensorFlow otherwise takes nearly all of it, as soon as it reads the judge's network."""
    used = []

    def load():
        assert used == ["auto"]

    def faces(config, console):
        assert used == ["auto"]
        return {"learnt": "learnt.npy"}

    monkeypatch.setattr(devices, "use", used.append)
    monkeypatch.setattr(efficientnet, "load", load)
    monkeypatch.setattr(quality, "_faces", faces)
    with pytest.raises(ValueError, match="nobody has shown faces"):
        quality.main(quality.Config(out=tmp_path))


class Judge:
    """One that measures nothing."""

    generated = 2

    def measure(self, images):
        return {name: float(len(images)) for name in quality.MEASURES}

    def combined(self, measures):
        return 1.0


def test_a_measurement_is_kept_whole_or_not_at_all(tmp_path, clock, monkeypatch):
    """Half a file, of a process that was killed, would end every later run."""

    def write_text(path, text, **options):
        path.write_bytes(text[:5].encode())
        raise OSError("killed")

    (tmp_path / "pytorch").mkdir()
    shown(tmp_path / "pytorch", clock)
    faces = {}
    for name in ("reference", "others"):
        faces[name] = tmp_path / f"{name}.npy"
        np.save(faces[name], FACES)
    monkeypatch.setattr(judges, "make", lambda *arguments, **options: Judge())
    monkeypatch.setattr(Path, "write_text", write_text)
    config = quality.Config(out=tmp_path)
    measured = quality._judge(config, faces, rows.console())
    assert [row["KID"] for row in measured] == [2.0] * 4
    monkeypatch.setattr(judges, "make", None)
    assert quality._judge(config, faces, rows.console()) == measured


@pytest.mark.slow
def test_more_trainings_than_colours_are_in_one_figure(monkeypatch):
    monkeypatch.setattr(quality_plots.plots, "save", lambda figure, path: figure)
    names = [*quality.CONTESTANTS, "ours-dcgan@2", "pytorch@2"]
    measured = [row for name in names for row in rows_of(name, (1.0, 300.0), (2.0, 200.0))]
    (axis,) = quality_plots.over_minutes(measured, None).axes
    assert [text.get_text() for text in axis.get_legend().get_texts()] == names


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
