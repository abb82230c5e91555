"""What is shown of a run: rates, progress, tables, and curves that lose no peak."""

import dataclasses
import json

import numpy as np
import pytest

from dcgan.watch import charts, series
from dcgan.watch.run_data import RunData
from dcgan.watch.series import Curve


def run(**changes):
    empty = RunData("runs/x", {}, {}, {}, {}, {}, None, False, 1000.0, ())
    return dataclasses.replace(empty, **changes)


def columns(**given):
    return {name: np.array(values, float) for name, values in given.items()}


CONFIG = {"epochs": 4, "batch_size": 16, "d_learning_rate": 4e-4, "g_learning_rate": 2e-4}
TWO = columns(
    epoch=[1, 2],
    step=[100, 200],
    images_a_second=[50, 100],
    combined=[3.0, 2.0],
    distance_mean=[90.0, 80.0],
    variety=[0.5, 0.75],
)


def test_a_learning_rate_stays_and_then_falls_to_0():
    """`test_watching` holds it against the schedule of the optimizer."""
    watched = run(config={**CONFIG, "fall": 0.5}, log=columns(step=[100, 200, 300]), epochs=TWO)
    found = series.learning_rate(watched, "g_learning_rate").value
    np.testing.assert_allclose(found, [2e-4, 2e-4, 1e-4])


def test_a_fall_towards_another_end_before_the_run_was_resumed_is_shown_as_it_was():
    """Four epochs of 100 rounds now, eight before round 150; and no fall before round 50."""
    history = [{"round": 50, "fall": [0.0, 0.5]}, {"round": 150, "epochs": [8, 4]}]
    config = {**CONFIG, "fall": 0.5, "history": history}
    watched = run(config=config, log=columns(step=[50, 100, 150, 300, 400]), epochs=TWO)
    found = series.learning_rate(watched, "g_learning_rate").value
    np.testing.assert_allclose(found, [2e-4, 2e-4, 2e-4, 1e-4, 0.0])
    history[1]["epochs"] = [2, 4]
    found = series.learning_rate(watched, "g_learning_rate").value
    np.testing.assert_allclose(found, [2e-4, 2e-4, 1e-4, 1e-4, 0.0])


def test_a_rate_that_was_changed_on_resuming_is_the_old_one_before():
    history = [
        {"round": 100, "d_learning_rate": [1e-3, 5e-4]},
        {"round": 150, "from": "best.npz"},
        {"round": 200, "d_learning_rate": [5e-4, 4e-4], "g_learning_rate": [1e-4, 2e-4]},
    ]
    watched = run(config={**CONFIG, "history": history}, log=columns(step=[50, 100, 150, 200, 210]))
    found = series.learning_rate(watched, "d_learning_rate").value
    np.testing.assert_allclose(found, [1e-3, 1e-3, 5e-4, 5e-4, 4e-4])
    found = series.learning_rate(watched, "g_learning_rate").value
    np.testing.assert_allclose(found, [1e-4] * 4 + [2e-4])


def test_rounds_that_were_played_again_from_the_best_epoch_have_the_rate_they_got_then():
    history = [
        {"round": 1000, "d_learning_rate": [1e-3, 5e-4]},
        {"round": 600, "d_learning_rate": [5e-4, 4e-4], "from": "best.npz"},
    ]
    log = columns(step=[500, 600, 700, 1000, 1100])
    found = series.learning_rate(
        run(config={**CONFIG, "history": history}, log=log), "d_learning_rate"
    ).value
    np.testing.assert_allclose(found, [1e-3, 1e-3, 4e-4, 4e-4, 4e-4])


@pytest.mark.parametrize("rate", [None, "fast", True, float("nan"), []])
def test_a_rate_that_is_none_is_not_drawn(rate):
    watched = run(config={"d_learning_rate": rate}, log=columns(step=[1]))
    assert series.learning_rate(watched, "d_learning_rate") is None


def test_a_history_that_is_none_changes_nothing():
    for history in (None, [3], [{}], [{"d_learning_rate": 3}], [{"d_learning_rate": ["a", 1]}]):
        watched = run(config={**CONFIG, "history": history}, log=columns(step=[1, 2]))
        np.testing.assert_allclose(series.learning_rate(watched, "d_learning_rate").value, 4e-4)


def test_every_row_of_a_lazy_penalty_is_drawn():
    """Each has the penalty as it was last computed; 0 is a penalty like any other."""
    log = columns(step=[1, 2, 3], penalty=[0.0, 0.5, 0.0])
    for config in ({"penalty_every": 4}, {}):
        found = series.column(run(log=log, config=config), "penalty")
        assert found.step.tolist() == [1.0, 2.0, 3.0]
        assert found.value.tolist() == [0.0, 0.5, 0.0]


def test_numbers_that_are_not_finite_are_not_drawn():
    log = columns(step=[1, 2, 3], d_loss=[np.nan, 1.0, np.inf])
    assert series.column(run(log=log), "d_loss").step.tolist() == [2.0]
    assert series.column(run(log=columns(step=[1], d_loss=[np.nan])), "d_loss") is None
    assert series.column(run(), "d_loss") is None


@pytest.mark.parametrize(
    ("changes", "now", "word", "words"),
    [
        ({"epochs": TWO}, 1005.0, "training", "Training: epoch 2 of 4, round 230, about 36 s left"),
        ({"epochs": TWO}, 9000.0, "quiet", "No news for 2 h 13 min: epoch 2 of 4, round 230"),
        ({}, 1005.0, "training", "Training: epoch 0 of 4, round 230"),
        ({"epochs": columns(epoch=[4], step=[400])}, 1e6, "ended", "Ended after 4 epochs, 230"),
        ({"changed": None}, 1e6, "gone", "The folder is gone"),
        ({"config": {}}, 1005.0, "training", "Training: round 230"),
        ({"config": {"epochs": "many"}}, 1005.0, "training", "Training: round 230"),
        ({"log": {}, "checkpoint": 7}, 1005.0, "training", "round 7"),
    ],
)
def test_how_far_a_run_is(changes, now, word, words):
    watched = run(**{"config": CONFIG, "log": columns(step=[220, 230]), **changes})
    found = series.status(watched, now)
    assert found.word == word
    assert words in found.words


ODD = (None, True, "x", "", [], [1], {}, {"a": 1}, -1, 0, 1e400, float("nan"), 10**400, 2.5)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: str(odd)[:9])
def test_nothing_that_a_config_can_hold_stops_the_page(odd):
    names = (
        "epochs batch_size fall penalty_every network size width g_width loss gamma augment "
        "labels faces judge seed history d_learning_rate g_learning_rate"
    )
    for name in names.split():
        watched = run(
            config={**CONFIG, "fall": 0.5, "history": [], name: odd},
            log=columns(step=[100, 200], d_loss=[1, 2], penalty=[1, 0]),
            epochs=TWO,
            changed=0.0,
        )
        series.status(watched, 10.0)
        series.recipe(watched)
        series.table(watched)
        for view in (charts.View(), charts.View(images=True, memory=3.0)):
            for chart in charts.charts({"x": watched}, view):
                json.dumps(charts.options(chart, view), allow_nan=False)


@pytest.mark.parametrize(
    "epochs_",
    [
        {},
        columns(combined=[1.0]),
        columns(epoch=[1.0]),
        columns(epoch=[], step=[], combined=[]),
        columns(epoch=[0], step=[0], images_a_second=[0], combined=[np.nan]),
        columns(epoch=[np.nan], step=[np.inf], images_a_second=[np.nan], combined=[1.0]),
    ],
)
def test_nothing_that_a_table_can_hold_stops_the_page(epochs_):
    log = columns(step=[np.nan, np.inf], d_loss=[1, 2])
    watched = run(config={**CONFIG, "fall": 0.5}, log=log, epochs=epochs_)
    series.status(watched, 1001.0)
    series.table(watched)
    series.best_table({"x": watched})
    for chart in charts.charts({"x": watched}, charts.View()):
        json.dumps(charts.options(chart, charts.View()), allow_nan=False)


def test_the_table_has_real_faces_then_the_newest_epochs_and_the_best():
    epochs_ = columns(
        epoch=[1, 2, 3, 4],
        step=[1, 2, 3, 4],
        d_loss=[1, 1, 1, 1],
        variety=[0.1, 0.2, 0.3, 0.4],
        distance_mean=[90, 1234.5, 0.01234, np.nan],
        combined=[1.5, 3, 2, 4],
    )
    watched = run(log=columns(step=[1], d_loss=[1]), epochs=epochs_, floor={"distance_mean": 48.04})
    heads, rows = series.table(watched, 2)
    assert heads == ["epoch", "combined", "distance of pixels", "variety"]
    assert rows == [
        ["real faces", "1.00", "48.0", "–"],
        ["4", "4.00", "–", "0.400"],
        ["3", "2.00", "0.0123", "0.300"],
        ["1 (best)", "1.50", "90.0", "0.100"],
    ]
    assert series.table(watched)[1][2][2] == "0.0123"
    assert series.table(watched)[1][3][2] == "1,234"
    assert series.table(run()) == (["epoch"], [])


def test_the_best_epochs_of_several_runs_stand_in_one_table():
    other = {**TWO, "frechet": np.array([600.0, 500.0])}
    heads, rows = series.best_table({"a": run(epochs=TWO), "new": run(), "b": run(epochs=other)})
    assert heads[:5] == ["run", "epoch", "combined", "Fréchet distance", "distance of pixels"]
    assert rows[0][:5] == ["a", "2", "2.00", "–", "80.0"]
    assert rows[1][:5] == ["b", "2", "2.00", "500", "80.0"]
    assert series.best_table({"new": run()}) == (["run"], [])


def test_thinning_keeps_the_peaks_and_the_ends():
    rng = np.random.default_rng(0)
    value = rng.normal(size=100_000)
    value[[777, 55_555]] = [40.0, -40.0]
    curve = Curve(np.arange(100_000.0), value)
    thin = series.thinned(curve, 500)
    assert len(thin.value) <= 501
    assert thin.value.max() == 40.0
    assert thin.value.min() == -40.0
    assert thin.step[-1] == 99_999.0
    assert np.all(np.diff(thin.step) > 0.0)
    np.testing.assert_array_equal(value[thin.step.astype(int)], thin.value)
    short = Curve(np.arange(3.0), np.arange(3.0))
    assert series.thinned(short) is short


def test_smoothing_is_a_weighted_mean_without_a_bias_at_its_start():
    value = np.random.default_rng(1).normal(size=30)
    found = series.smoothed(Curve(np.arange(30.0), value), 5.0).value
    for i in range(30):
        weight = np.exp(-np.arange(i, -1, -1) / 5.0)
        np.testing.assert_allclose(found[i], np.sum(weight * value[: i + 1]) / weight.sum())
    constant = Curve(np.arange(9.0), np.full(9, 3.0))
    np.testing.assert_allclose(series.smoothed(constant, 20.0).value, 3.0)


def test_the_tables_say_which_way_is_better_and_what_is_combined():
    assert series.reading({"new": run()}) == ""
    pixels = {"a": run(epochs=columns(epoch=[1], combined=[1], distance_mean=[80], variety=[1]))}
    assert series.reading(pixels) == (
        "Lower is better (in variety: the nearer to real faces). Combined: distance of pixels and "
        "power spectrum, each divided by its value for real faces; the geometric mean of the two. "
        "Real faces have 1."
    )
    both = {**pixels, "b": run(epochs=columns(epoch=[1], combined=[1], frechet=[80]))}
    words = "distance of pixels and Fréchet distance (or else the power spectrum), each"
    assert words in series.reading(both)
