"""An exported round gives, in JAX, the values that TensorFlow's XLA gives here. Nothing depends on
a time."""

import dataclasses
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import export_round, run_exported
from benchmarks.measure import devices
from gan_core import rng

pytestmark = pytest.mark.slow

TINY = {"size": 32, "width": 2, "latent_dim": 3, "batch_size": (4,)}
MODULE = """#loc1 = loc("x.1")
module @f attributes {mhlo.input_output_alias = [
 {alias = {kind = "may_alias", parameter_number = 3 : i64}, output_index = array<i64: 2>},
 {alias = {kind = "may_alias", parameter_number = 1 : i64}, output_index = array<i64: 1>}]} {
  func.func @main(%arg0: tensor<f32> loc("XLA_Args")) -> tensor<f32> {
    return %arg0 : tensor<f32> loc(#loc12)
  } loc(#loc)
}
#loc12 = loc("a/file.py":4:0)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two exported rounds of a tiny DCGAN."""
    folder = tmp_path_factory.mktemp("round")
    patch = pytest.MonkeyPatch()
    patch.setattr(devices, "use", lambda device: "CPU")  # this process has computed already
    config = export_round.Config(out=folder, precision=("float32", "bfloat16"), **TINY)
    export_round.main(config)
    patch.undo()
    return folder


def test_a_folder_that_is_there_is_replaced_only_if_that_is_asked_for(tmp_path, monkeypatch):
    (tmp_path / "round").mkdir()
    (tmp_path / "round" / "mine").touch()
    exported = {"name": "a", "module": "a.mlir"}
    monkeypatch.setattr(devices, "use", lambda device: "CPU")
    monkeypatch.setattr(devices, "machine", lambda device: {})
    monkeypatch.setattr(export_round, "export", lambda config, precision, batch: exported)
    config = export_round.Config(out=tmp_path / "round", **TINY)
    with pytest.raises(ValueError, match=r"round exists already.*--overwrite"):
        export_round.main(config)
    assert [file.name for file in (tmp_path / "round").iterdir()] == ["mine"]
    export_round.main(dataclasses.replace(config, overwrite=True))
    assert [file.name for file in (tmp_path / "round").iterdir()] == ["rounds.json"]


@pytest.mark.slow
def test_what_is_written_is_the_round_that_the_trainer_plays(folder):
    """`trainer.round` on the same batch gives the stored rows, and moves the state as stored."""
    about = json.loads((folder / "rounds.json").read_text())["rounds"][0]
    assert about["name"] == "float32-4"
    values = np.load(folder / about["values"])
    initial = np.load(folder / "initial.npz")
    config = export_round.Config(out=folder, **TINY)
    trainer = export_round._trainer(config, "float32", 4)
    assert set(initial) == set(trainer.state())
    for name, variable in trainer.state().items():
        np.testing.assert_array_equal(initial[name], variable.numpy())
    real = rng.uniform([4, 32, 32, 3], rng.seed(0, "real"), -1.0, 1.0)
    np.testing.assert_array_equal(values["real"], real)
    row = trainer.round(real)
    assert list(row) == about["row_names"]
    np.testing.assert_allclose(list(row.values()), values["rows_1"][0], rtol=1e-5)
    for name, variable in trainer.state().items():
        came = run_exported.some_of(variable.numpy())
        np.testing.assert_allclose(came, values[f"1/{name}"], atol=1e-5, err_msg=name)
    assert values["rows_10"].shape == (10, len(row))
    assert values["10/step"] == 10


@pytest.mark.slow
def test_every_variable_that_a_round_changes_comes_back_as_an_output(folder):
    for about in json.loads((folder / "rounds.json").read_text())["rounds"]:
        initial = np.load(folder / "initial.npz")
        values = np.load(folder / about["values"])
        outputs = [output for output, _ in about["updated"]]
        first = len(about["row_names"])
        assert outputs == list(range(first, first + len(outputs)))
        changed = {about["arguments"][argument] for _, argument in about["updated"]}
        for name in about["arguments"][1:]:
            stays = np.array_equal(run_exported.some_of(initial[name]), values[f"10/{name}"])
            assert stays == (name not in changed), name


@pytest.mark.slow
def test_jax_plays_one_and_ten_rounds_with_the_stored_values(folder, tmp_path):
    """In a process of its own, in which TensorFlow cannot be imported."""
    pytest.importorskip("jax")
    (tmp_path / "tensorflow.py").write_text("raise ImportError('TensorFlow is not here')")
    out = tmp_path / "rows.jsonl"
    program = Path(run_exported.__file__)
    options = ["--windows", "1", "--rounds", "1", "--side", "8", "--numbers", "8"]
    code = (
        f"import sys, runpy; sys.path.insert(0, {str(tmp_path)!r}); sys.argv[0] = 'run_exported'; "
        f"runpy.run_path({str(program)!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", code, str(folder), *options, "--out", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("values as stored") == 2
    first, second = [json.loads(line) for line in out.read_text().splitlines()]
    assert (first["name"], second["name"]) == ("float32-4", "bfloat16-4")
    for row_error, _ in first["errors"].values():
        assert row_error < 1e-4


@pytest.mark.slow
def test_a_round_that_does_something_else_is_wrong(folder, tmp_path):
    """Stored values of another round: the losses are off, and JAX's exit code says so."""
    pytest.importorskip("jax")
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    values = dict(np.load(tmp_path / "float32-4.npz"))
    values["rows_1"] = values["rows_1"] + 0.1
    np.savez(tmp_path / "float32-4.npz", **values)
    options = ["--windows", "1", "--rounds", "1", "--side", "8", "--numbers", "8"]
    command = [sys.executable, run_exported.__file__, str(tmp_path), "--only", "float32-4"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "WRONG: after 1 rounds a loss is off by 0.0" in done.stdout


def test_the_module_names_no_file_of_this_machine_and_says_what_is_updated():
    stripped = export_round.without_places(MODULE.replace('loc("a/file.py":4:0)', ""))
    assert "loc" not in stripped
    assert "func.func @main(%arg0: tensor<f32>) -> tensor<f32> {" in stripped
    assert export_round.updated(MODULE) == [(1, 1), (2, 3)]


def test_a_small_array_is_stored_whole_and_a_large_one_evenly():
    small = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(run_exported.some_of(small), np.arange(6.0))
    large = run_exported.some_of(np.arange(1_000_000))
    assert len(large) == run_exported.STORED
    assert (large[0], large[-1]) == (0, 999_999)
    assert set(np.diff(large)) == {244, 245} or np.ptp(np.diff(large)) <= 1


def test_a_variable_is_off_relative_to_its_way_and_a_count_not_at_all():
    start = np.array([1.0, 1.0], np.float32)
    wanted = np.array([1.0, 1.4], np.float32)
    off = run_exported.variable_error(start, wanted, np.array([1.1, 1.4], np.float32))
    assert off == pytest.approx(0.25)
    assert run_exported.variable_error(start, wanted, wanted) == 0.0
    assert run_exported.variable_error(start, start, wanted) == float("inf")
    assert run_exported.variable_error(np.array([0]), np.array([9]), np.array([10])) == float("inf")
    assert np.isnan(run_exported.variable_error(start, wanted, start * np.float32("nan")))


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ({1: (1e-6, 1e-3), 10: (1e-5, 1e-2)}, ""),
        ({1: (1e-6, 1e-3), 10: (0.1, 1e-2)}, "after 10 rounds a loss is off by 0.1"),
        ({1: (1e-6, 0.7)}, "after 1 rounds a variable is off by 0.7 of its way"),
        ({1: (float("nan"), 0.0)}, "after 1 rounds a loss is off by nan"),
    ],
)
def test_what_is_wrong_is_told(errors, words):
    assert run_exported.why_wrong("float32", errors) == words


def test_that_jax_is_missing_is_told(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run_exported.main([str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert told == "error: there is no jax here. Get it with: pip install jax\n"


def test_a_folder_without_rounds_and_a_name_that_is_not_there_are_told(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: "as if it were installed")
    assert run_exported.main([str(tmp_path)]) == 2
    assert "holds no exported rounds" in capsys.readouterr().err
    (tmp_path / "rounds.json").write_text('{"rounds": [{"name": "float32-4"}]}')
    assert run_exported.main([str(tmp_path), "--only", "float64-4"]) == 2
    assert "--only must be some of float32-4" in capsys.readouterr().err
    assert run_exported.main([str(tmp_path), "--only", "float32-4", "float64-4"]) == 2
    assert "--only must be some of float32-4, got float64-4" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["[]", "{}", '{"rounds": [{}]}', '{"rounds": 3}'])
def test_a_list_of_something_else_is_told_in_one_line(text, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: "as if it were installed")
    (tmp_path / "rounds.json").write_text(text)
    assert run_exported.main([str(tmp_path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "holds no exported rounds" in line


@pytest.fixture
def two_rounds(tmp_path, monkeypatch):
    """A folder with two rounds, of which the first cannot be run."""

    def row(options, about):
        if about["name"] == "float32-512":
            raise RuntimeError("RESOURCE_EXHAUSTED: out of memory\nand more")
        return {"name": about["name"], "wrong": ""}

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: "as if it were installed")
    monkeypatch.setattr(run_exported, "_row", row)
    monkeypatch.setattr(run_exported, "_line", lambda row: f"{row['name']} runs")
    rounds = [{"name": "float32-512"}, {"name": "float32-4"}]
    (tmp_path / "rounds.json").write_text(json.dumps({"rounds": rounds}))
    return tmp_path


def test_a_round_that_cannot_run_costs_only_its_own_line(two_rounds, capsys):
    out = two_rounds / "rows.jsonl"
    assert run_exported.main([str(two_rounds), "--out", str(out)]) == 1
    told = capsys.readouterr()
    words = "float32-512 cannot run: RuntimeError: RESOURCE_EXHAUSTED: out of memory"
    assert told.err == f"error: {words}\n"
    assert told.out == "float32-4 runs\n"
    assert [json.loads(line)["name"] for line in out.read_text().splitlines()] == ["float32-4"]
    assert run_exported.main([str(two_rounds), "--only", "float32-512"]) == 2


def test_a_file_that_cannot_be_written_is_told_before_anything_runs(two_rounds, capsys):
    assert run_exported.main([str(two_rounds), "--out", str(two_rounds)]) == 2
    told = capsys.readouterr()
    assert told.err == f"error: --out {two_rounds} cannot be written: Is a directory\n"
    assert told.out == ""


@pytest.mark.parametrize("option", ["--windows", "--rounds", "--side", "--numbers"])
@pytest.mark.parametrize("number", ["0", "-3", "many", "9" * 23, "9" * 5000])
def test_numbers_that_time_nothing_are_refused(option, number, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        run_exported.main([str(tmp_path), f"{option}={number}"])
    assert end.value.code == 2
    assert f"argument {option}: must be a whole number from 1 to " in capsys.readouterr().err
