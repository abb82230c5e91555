"""dcgan.lessons.kept_results: nothing is measured twice, and errors are those of a mean."""

import math

import numpy as np
import pytest

from dcgan.lessons import kept_results


def test_what_was_measured_is_read(tmp_path):
    path = tmp_path / "new" / "results.json"
    calls = []

    def measure():
        calls.append(1)
        return {"distance": 1.5}

    for _ in range(2):
        assert kept_results.kept(path, {"seed": 0, "rate": 0.1}, measure) == {"distance": 1.5}
    assert kept_results.kept(path, {"rate": 0.1, "seed": 0}, measure) == {"distance": 1.5}
    assert len(calls) == 1
    kept_results.kept(path, {"seed": 1, "rate": 0.1}, measure)
    assert len(calls) == 2


def test_what_another_process_adds_while_this_one_measures_is_kept(tmp_path):
    path = tmp_path / "results.json"

    def measure():
        kept_results.kept(path, {"seed": 1}, lambda: 1.5)
        return 0.5

    assert kept_results.kept(path, {"seed": 0}, measure) == 0.5
    calls = []
    assert kept_results.kept(path, {"seed": 1}, lambda: calls.append(1)) == 1.5
    assert calls == []


def test_the_standard_error_is_the_sd_of_the_mean():
    draws = np.random.default_rng(0).normal(3.0, 2.0, [4000, 9])
    errors = [kept_results.mean_and_error(row)[1] for row in draws]
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(2.0 / 3.0, rel=0.02)
    assert draws.mean(axis=1).std() == pytest.approx(2.0 / 3.0, rel=0.05)


def test_in_words():
    assert kept_results.with_error([1.0, 3.0]) == "2 ± 1"
    assert kept_results.with_error([-11.0, -9.0], sign=True) == "−10 ± 1"
    assert kept_results.with_error([9.0, 11.0], sign=True) == "+10 ± 1"
    assert kept_results.with_error([7.0]) == "7"
    assert math.isnan(kept_results.mean_and_error([7.0])[1])
