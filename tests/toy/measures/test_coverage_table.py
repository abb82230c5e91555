"""toy.measures.coverage_table: each run is made once, each number stands in its own cell."""

import concurrent.futures
import dataclasses
import io
import json
import math
import os
import statistics
import threading
from pathlib import Path

import pytest
from rich.console import Console

from gan_core import files
from toy.measures import coverage_table
from toy.measures.coverage import Coverage

THREADS = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")


@dataclasses.dataclass(frozen=True)
class Config:
    target: str = "ring"
    seed: int = 0
    mode: str = "xla"
    out: Path = Path("runs")
    table: bool = False
    seeds: int = 1


class Threads(concurrent.futures.ThreadPoolExecutor):
    """In place of processes, which would load TensorFlow once more each."""

    def __init__(self, workers, mp_context):
        super().__init__(workers)


@pytest.fixture(autouse=True)
def _no_processes(monkeypatch):
    monkeypatch.setattr(coverage_table.concurrent.futures, "ProcessPoolExecutor", Threads)


def seed_of(config):
    return {"modes": config.seed}


def test_lines_come_in_the_order_of_the_configs_whichever_run_ends_first(tmp_path):
    second_is_done = threading.Event()

    def measure(config):
        if config.seed == 0:
            assert second_is_done.wait(20)
        else:
            second_is_done.set()
        return {"modes": 10 + config.seed}

    configs = [Config(seed=0), Config(seed=1)]
    lines = coverage_table.run_all(measure, configs, tmp_path / "table.jsonl")
    assert [line["modes"] for line in lines] == [10, 11]
    assert [line["config"]["seed"] for line in lines] == [0, 1]


def test_a_run_is_made_once_unless_something_that_decides_it_changes(tmp_path):
    file = tmp_path / "table.jsonl"
    made = []

    def measure(config):
        made.append(config)
        return {"modes": 1}

    coverage_table.run_all(measure, [Config(), Config(seed=1)], file)
    assert len(made) == 2
    same = Config(mode="graph", out=Path("elsewhere"), table=True, seeds=9)
    coverage_table.run_all(measure, [same], file)
    assert len(made) == 2
    coverage_table.run_all(measure, [Config(target="grid")], file)
    assert len(made) == 3
    assert len(file.read_text().splitlines()) == 3  # lines of other configs stay


def test_what_was_measured_before_a_run_fails_is_kept(tmp_path):
    file = tmp_path / "table.jsonl"

    def measure(config):
        if config.seed == 1:
            raise ArithmeticError("a loss is NaN")
        return {"modes": 1}

    with pytest.raises(ArithmeticError, match="NaN"):
        coverage_table.run_all(measure, [Config(seed=0), Config(seed=1)], file, workers=1)
    assert [json.loads(line)["config"]["seed"] for line in file.read_text().splitlines()] == [0]


@pytest.mark.parametrize("ending", [ArithmeticError, KeyboardInterrupt])
def test_after_a_failure_no_further_run_is_started(ending, tmp_path):
    """The pool would make them all, for hours, and nobody would keep their lines."""
    made = []

    def measure(config):
        made.append(config.seed)
        if config.seed == 1:
            raise ending
        return {"modes": 1}

    configs = [Config(seed=seed) for seed in range(9)]
    with pytest.raises(ending):
        coverage_table.run_all(measure, configs, tmp_path / "table.jsonl", workers=2)
    assert max(made) <= 2


@pytest.mark.parametrize("before", [None, "7"])
@pytest.mark.parametrize("fails", [False, True])
def test_the_environment_is_left_as_it_was(before, fails, tmp_path, monkeypatch):
    for name in THREADS:
        monkeypatch.delenv(name, raising=False)
        if before is not None:
            monkeypatch.setenv(name, before)
    seen = []

    def measure(config):
        seen.append([os.environ.get(name) for name in THREADS])
        if fails:
            raise ArithmeticError("a loss is NaN")
        return {"modes": 1}

    if fails:
        with pytest.raises(ArithmeticError):
            coverage_table.run_all(measure, [Config()], tmp_path / "table.jsonl")
    else:
        coverage_table.run_all(measure, [Config()], tmp_path / "table.jsonl")
    assert seen == [["1", "1"]]
    assert [os.environ.get(name) for name in THREADS] == [before, before]


def test_a_second_process_that_wants_the_same_table_is_refused_at_once(tmp_path):
    file = tmp_path / "table.jsonl"
    with files.claimed(file), concurrent.futures.ThreadPoolExecutor(1) as other:
        call = other.submit(coverage_table.run_all, seed_of, [Config()], file)
        with pytest.raises(ValueError, match=r"table\.jsonl"):
            call.result(20)
    assert not file.exists()


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"config": 3}', '"text"', ""])
def test_a_damaged_line_is_named(line, tmp_path):
    file = tmp_path / "table.jsonl"
    good = json.dumps({"config": {"seed": 0}, "modes": 1})
    file.write_text(f"{good}\n{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"run_all: line 2 of .*table\.jsonl must be JSON with a"):
        coverage_table.run_all(seed_of, [Config()], file)


def test_no_workers_are_refused(tmp_path):
    with pytest.raises(ValueError, match="run_all: workers must be a whole number of at least 1"):
        coverage_table.run_all(seed_of, [Config()], tmp_path / "table.jsonl", workers=0)


@pytest.mark.parametrize("values", [[1.0, 3.0], [2.0, 4.0, 9.0], [5.0] * 4, [0.1, -7.0, 3.3, 8.0]])
def test_the_standard_error_is_that_of_a_sample(values):
    """s / sqrt(n), where s^2 divides by n - 1."""
    mean, error = coverage_table.mean_and_standard_error(values)
    assert mean == pytest.approx(statistics.fmean(values))
    assert error == pytest.approx(statistics.stdev(values) / math.sqrt(len(values)))


def test_one_value_has_no_standard_error_and_no_values_are_refused():
    mean, error = coverage_table.mean_and_standard_error([3.0])
    assert mean == 3.0
    assert math.isnan(error)
    with pytest.raises(ValueError, match="mean_and_standard_error: the number of values"):
        coverage_table.mean_and_standard_error([])


def test_a_single_run_stands_in_the_table_without_an_error():
    run = {"modes": 7, "high_quality": 0.5, "reverse_kl": 0.1, "sd_ratio": 1.0, "seconds": 3.0}
    perfect = dict.fromkeys(("ring", "grid"), Coverage(8.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0))
    console = Console(width=250, record=True, file=io.StringIO())
    coverage_table.show({"mine": {"ring": [run], "grid": [run]}}, perfect, console)
    (line,) = [line for line in console.export_text().splitlines() if " mine " in line]
    assert line.split("│")[2].strip() == "7.0"
    assert "nan" not in line


def test_every_number_stands_in_its_own_cell():
    """Ring and grid, ours and the perfect sampler's, each measure with its scale and digits."""

    def run(base):
        values = ("modes", "high_quality", "reverse_kl", "sd_ratio", "seconds")
        scales = (1.0, 0.01, 1.0, 1.0, 1.0)
        return {n: (base + i) * s for i, (n, s) in enumerate(zip(values, scales, strict=True))}

    rows = {"recipe": {"ring": [run(10), run(12)], "grid": [run(50), run(54)]}}
    perfect = {
        "ring": Coverage(8.0, 0.9889, 0.001, 0.5, 1.0, 0.5, 0.5),
        "grid": Coverage(25.0, 0.9777, 0.005, 0.5, 1.01, 0.5, 0.5),
    }
    console = Console(width=250, record=True, file=io.StringIO())
    coverage_table.show(rows, perfect, console)
    lines = console.export_text().splitlines()

    def cells(name):
        (line,) = [line for line in lines if f" {name} " in line]
        return [cell.strip() for cell in line.strip("│ ").split("│")][1:]

    assert cells("recipe") == [
        *("11.0 ± 1.0", "12.0 ± 1.0", "13.000 ± 1.000", "14.00 ± 1.00", "15 ± 1"),
        *("52.0 ± 2.0", "53.0 ± 2.0", "54.000 ± 2.000", "55.00 ± 2.00", "56 ± 2"),
    ]
    perfect_cells = [cell for cell in cells("a perfect sampler") if cell]
    assert perfect_cells == ["8.0", "98.89", "0.001", "1.00", "25.0", "97.77", "0.005", "1.01"]
    published_cells = [cell for cell in cells("PacGAN4 (Lin et al. 2018)") if cell]
    assert published_cells == [
        *("7.8 ± .1", "95.9 ± 1.4", ".07"),
        *("24.8 ± .2", "93.6 ± .6", ".04"),
    ]
