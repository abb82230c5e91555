"""python -m dcgan: which command, which defaults, and wrong arguments in one line."""

import dataclasses
from pathlib import Path

import pytest

from dcgan import __main__ as program
from dcgan import config, training
from dcgan.generation import generate, walk
from gan_core.runs.run_folder import RunFolder


@pytest.fixture
def called(monkeypatch):
    """What was called, with which config; nothing is trained."""
    calls = []
    monkeypatch.setattr(training, "train", lambda config: calls.append(("train", config)))
    monkeypatch.setattr(generate, "generate", lambda config: calls.append(("generate", config)))
    monkeypatch.setattr(walk, "walk", lambda config: calls.append(("walk", config)))
    return calls


@pytest.mark.parametrize("arguments", [[], ["train"]])
def test_without_data_it_is_the_quick_preset(called, arguments):
    program.main(arguments)
    assert called == [("train", config.PRESETS["quick"])]


def test_with_data_the_defaults_are_for_data(called, tmp_path):
    program.main(["--data", str(tmp_path), "--epochs", "3"])
    assert called == [("train", config.Config(data=tmp_path, epochs=3))]


def test_a_preset_may_be_named_and_changed(called):
    program.main(["train", "--preset=full", "--augment", "cutout", "colour"])
    program.main(["--preset", "quick", "--epochs", "1"])
    (_, full), (_, quick) = called
    assert (full.epochs, full.augment) == (150, ("cutout", "colour"))
    assert (quick.epochs, quick.width) == (1, config.PRESETS["quick"].width)


@pytest.mark.parametrize("network", config.NETWORKS)
@pytest.mark.parametrize("data", [False, True])
def test_a_network_alone_brings_its_recipe(called, tmp_path, network, data):
    of_data = ["--data", str(tmp_path)] if data else []
    program.main(["train", f"--network={network}", *of_data])
    program.main(["train", *of_data, "--network", network, "--gamma", "3"])
    wanted = config.preset("quick", network)
    if data:
        wanted = config.Config(network=network, data=tmp_path)
    assert called == [("train", wanted), ("train", dataclasses.replace(wanted, gamma=3.0))]


def test_without_a_network_the_data_decide_which(called, tmp_path):
    program.main(["train", "--data", str(tmp_path)])
    program.main(["train", "--preset", "full", f"--data={tmp_path}"])
    program.main(["train"])
    program.main(["train", "--preset", "full"])
    networks = [(one.network, one.g_learning_rate) for _, one in called]
    assert networks == [("residual", 1e-3), ("residual", 1e-3), ("dcgan", 4e-4), ("dcgan", 4e-4)]


def test_other_data_do_not_change_the_network_of_a_run(called, tmp_path):
    RunFolder.create(tmp_path / "run", config.Config(network="dcgan", data=tmp_path / "old"))
    for option in ("--resume", "--start-from"):
        program.main(["train", option, str(tmp_path / "run"), "--data", str(tmp_path)])
    assert [one.network for _, one in called] == ["dcgan", "dcgan"]
    assert [one.loss for _, one in called] == ["non-saturating", "non-saturating"]


def test_augment_with_nothing_behind_it_is_none(called):
    program.main(["train", "--augment"])
    program.main(["train", "--augment", "--epochs", "1"])
    assert [one.augment for _, one in called] == [(), ()]
    assert called[1][1].epochs == 1


def test_resume_takes_the_options_of_the_run(called, tmp_path):
    RunFolder.create(tmp_path / "run", config.Config(width=5, drawn=70))
    program.main(["train", "--resume", str(tmp_path / "run"), "--epochs", "77"])
    ((_, resumed),) = called
    assert (resumed.width, resumed.drawn, resumed.epochs, resumed.resume) == (
        5,
        70,
        77,
        tmp_path / "run",
    )


def test_generate_and_walk_are_commands(called):
    program.main(["generate", "--count", "3"])
    program.main(["walk"])
    assert [name for name, _ in called] == ["generate", "walk"]
    assert called[0][1].count == 3


def test_help_names_the_commands(capsys):
    program.main(["--help"])
    said = capsys.readouterr().out
    assert all(f"dcgan {name}" in said for name in ("train", "generate", "walk"))
    chapters = [file.stem for file in Path(program.__file__).parent.glob("ch[01]*.py")]
    assert len(chapters) == 7
    assert all(f"dcgan.{name}" in said for name in chapters)


def refused(capsys, arguments):
    """The one line with which the program ends, with code 2."""
    with pytest.raises(SystemExit) as stopped:
        program.main(arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1, said
    return said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--epochs", "-1"], "epochs must be"),
        (["train", "--loss", "best"], "'best' for argument '--loss'. Expected one of"),
        (["--preset", "slow"], "preset"),
        (["train", "--network", "latest"], "'latest' for argument '--network'. Expected one of"),
        (["train", "--network"], "Missing value for argument '--network'"),
        (["train", "--network", "modern", "--filtered"], "--filtered must be left out with any"),
        (["train", "--network", "modern", "--styled"], "--styled must be left out with any"),
        (["train", "--resume", "nowhere"], "error: --resume nowhere is not a run folder"),
        (["train", "--start-from", "nowhere"], "error: --start-from nowhere is not a run folder"),
        *[
            (["train", f"--{name}", "9" * 23], f"error: --{name} must be a whole number from")
            for name in ("epochs", "repeat", "batch-size", "width", "latent-dim", "average")
        ],
        (
            ["train", "--penalty-every", "9" * 23],
            "--penalty-every must be a whole number from 1 to",
        ),
        (["judge", "--n", "9" * 23], "error: --n must be a whole number from 20 to"),
        (["judge", "--seed", "9" * 23], "error: --seed must be a whole number from"),
        (
            ["judge", "--compare", "a", "--data", "b", "--faces", "c"],
            "error: --faces must be left out where --compare names the sets, got c. Name it among",
        ),
        (
            ["judge", "--compare", "a", "--data", "b", "--run", "c"],
            "error: --run must be left out where --compare names the sets, got c.",
        ),
        (["generate", "--out", "a.txt"], "error: --out must be a folder, FILE.zip or FILE.npz"),
        (
            ["walk", "--kind", "traverse", "--span", "1e300"],
            "error: --span must be a finite number",
        ),
        (["--no-such-option"], "no-such-option"),
        (["generate", "--count", "0"], "count must be"),
        (["wathc"], "dcgan: there is no command wathc; the commands are train, generate, walk"),
        (["my_faces.zip", "--epochs", "1"], "there is no command my_faces.zip"),
        (["wathc"], "walk, find, page, watch, judge. Did you mean watch?"),
        (["my_faces.zip"], "To train on pictures: python -m dcgan --data my_faces.zip"),
        ([str(Path(program.__file__).parent)], "To train on pictures: python -m dcgan --data /"),
        (["train", "--labels", "hare"], "Did you mean hair or hair_style or hairband? See"),
        (["judge", "--size", "60"], "--size must be one of 32, 64, 96, 128, got 60."),
        (["judge", "--faces", "a.npz"], "got none. Say --data FACES, a folder or a zip"),
        (["judge", "--compare", "a.npz"], "got none. Say --data FACES, a folder or a zip"),
        (["train", "--epochs", "many", "--help"], "'many'. See python -m dcgan train --help."),
        (["walk", "--kind", "fly"], "fly"),
        (["train", "--background", "whit"], "--background must be a colour such as white"),
        (["train", "--not-square", "stretch"], "Expected one of ('crop', 'pad', 'fit')"),
        (["train", "--colours", "grey", "--labels", "hair"], "--labels must be such as grey"),
    ],
)
def test_wrong_arguments_are_one_line_and_code_2(called, capsys, arguments, words):
    assert words in refused(capsys, arguments)
    assert called == []


def test_data_that_is_not_there_is_one_line_and_code_2(capsys, tmp_path):
    said = refused(capsys, ["--data", str(tmp_path / "nowhere")])
    assert "nowhere, which does not exist" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "--data", "nowhere"], "error: --data must be a folder with pictures in it"),
        (
            ["train", "--drawn", "40", "--size", "32", "--run", "/dev/null"],
            "error: --run /dev/null",
        ),
        (["generate", "--run", "nowhere"], "error: --run must be the folder of a run"),
        (["generate", "--ids", "nowhere", "--out", "a"], "error: --ids: nowhere cannot be read"),
        (["walk", "--label", "hair=bleu"], "error: --label must be one of the values of hair"),
        (
            ["generate", "--without-labels", "--label", "hair=blue"],
            "error: --without-labels must be left out with a label, got 'hair=blue'. The generator",
        ),
        (["generate", "--label", "glasses=yes"], "a value of ornament: --label ornament=glasses."),
        (
            ["generate", "--label", "blue"],
            "It is a value of hair and of eyes: --label hair=blue or --label eyes=blue.",
        ),
        (["find", "--generated", "1", "--label", "hair=bleu"], "error: --label must be one of the"),
        (["judge", "--run", ".", "--without-labels"], "error: --without-labels must be left out"),
        (["generate", "--run", ".", "--without-labels"], "error: --without-labels must be left"),
        (["walk", "--z", __file__], "which NumPy cannot read as one."),
        (["find", "--image", "nowhere.png"], "error: --image must be a file that can be read"),
        (["page", "--run", "nowhere"], "error: --run nowhere is not a run folder"),
        (["judge", "--run", "nowhere"], "error: --run nowhere is not a run folder"),
    ],
)
def test_what_a_command_finds_wrong_later_is_told_with_the_options_name(
    capsys, tmp_path, monkeypatch, arguments, words
):
    monkeypatch.chdir(tmp_path)
    assert words in refused(capsys, arguments)


@pytest.mark.parametrize(
    ("arguments", "flag"),
    [
        (["--data", ""], "--data"),
        (["train", "--data="], "--data"),
        (["generate", "--count", "3", "--out", ""], "--out"),
        (["walk", "--run", ""], "--run"),
        ([""], "an argument"),
    ],
)
def test_an_unset_shell_variable_is_not_the_current_folder(called, capsys, arguments, flag):
    with pytest.raises(SystemExit) as stopped:
        program.main(arguments)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert f"{flag} is empty" in said
    assert said.count("\n") == 1
    assert called == []


def test_data_beside_help_shows_the_defaults_for_data(capsys):
    for arguments, epochs in ((["--data", "x", "--help"], "30"), (["train", "--help"], "7")):
        with pytest.raises(SystemExit):
            program.main(arguments)
        said = " ".join(capsys.readouterr().out.replace("│", " ").split())
        assert f"so many as --repeat says (default: {epochs})" in said


def test_start_from_takes_the_options_of_the_other_run(called, tmp_path):
    RunFolder.create(tmp_path / "run", config.Config(width=5, drawn=70, run=tmp_path / "run"))
    program.main(["--start-from", str(tmp_path / "run"), "--seed", "4"])
    ((_, new),) = called
    assert (new.width, new.seed, new.run, new.start_from) == (5, 4, None, tmp_path / "run")
