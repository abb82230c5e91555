"""The curves: which there are, whose, in what colour, and what ECharts is told."""

import dataclasses
import json

import numpy as np

from dcgan.watch import charts
from dcgan.watch.charts import View
from dcgan.watch.run_data import RunData


def columns(**given):
    return {name: np.array(values, float) for name, values in given.items()}


LOG = columns(
    step=[10, 20, 30],
    d_loss=[1, 2, 3],
    g_loss=[3, 2, 1],
    d_real=[0.9, 0.8, 0.7],
    d_fake=[0.1, 0.2, 0.3],
    accuracy=[1, 1, 1],
    penalty=[0, 0, 0],
)
EPOCHS = columns(
    epoch=[1, 2], step=[15, 30], combined=[3, 2], distance_mean=[90, 80], variety=[1, 1]
)
CONFIG = {"batch_size": 16, "d_learning_rate": 1e-3, "g_learning_rate": 1e-3}
RUN = RunData("x", CONFIG, LOG, EPOCHS, {"distance_mean": 48.0}, {}, 30, False, 0.0, ())


RAW = View()


def by_title(runs, view=RAW):
    return {chart.title: chart for chart in charts.charts(runs, view)}


def test_a_single_run():
    found = by_title({"x": RUN})
    assert list(found) == [
        "Losses",
        "D's output: probability of real",
        "Learning rates",
        "Combined figure, 1 for real faces",
        "Distance of pixels",
        "Accuracy",
        "Variety",
    ]
    assert [chart.main for chart in found.values()] == [True] * 5 + [False] * 2
    d_loss, g_loss = found["Losses"].lines
    assert (d_loss.name, d_loss.style, d_loss.colour) == ("D's loss", "solid", "#0072B2")
    assert (g_loss.name, g_loss.style, g_loss.colour) == ("G's loss", "dashed", "#D55E00")
    generated, real = found["Distance of pixels"].lines
    np.testing.assert_array_equal(real.curve.value, [48.0, 48.0])
    np.testing.assert_array_equal(generated.curve.value, [90.0, 80.0])


def test_several_runs_have_a_colour_each_and_their_names():
    other = dataclasses.replace(RUN, log={}, epochs={}, floor={})
    scores = columns(step=[1], d_score_real=[4.0], d_score_fake=[-4.0], penalty=[0.5])
    found = by_title({"x": RUN, "new": other, "w": dataclasses.replace(RUN, log=scores)})
    assert [line.name for line in found["Losses"].lines] == ["x: D's loss", "x: G's loss"]
    assert {line.colour for line in found["Losses"].lines} == {"#0072B2"}
    assert [line.name for line in found["D's output: mean logit"].lines] == [
        "w: real",
        "w: generated",
    ]
    assert {line.colour for line in found["Penalty on D"].lines} == {"#009E73"}


def test_a_run_without_anything_has_no_charts():
    empty = RunData("x", {}, {}, {}, {"distance_mean": 48.0}, {}, None, False, 0.0, ())
    assert charts.charts({"x": empty}, View()) == []


def test_images_are_rounds_times_the_batch():
    lines = by_title({"x": RUN}, View(images=True))["Losses"].lines
    np.testing.assert_array_equal(lines[0].curve.step, [160.0, 320.0, 480.0])
    assert charts.options(by_title({"x": RUN})["Losses"], View(images=True))["xAxis"]["name"] == (
        "images"
    )


def test_smoothing_leaves_rates_and_the_judge_alone():
    plain = by_title({"x": RUN})
    smooth = by_title({"x": RUN}, View(memory=20.0))
    for title in ("Learning rates", "Distance of pixels"):
        for a, b in zip(plain[title].lines, smooth[title].lines, strict=True):
            np.testing.assert_array_equal(a.curve.value, b.curve.value)
    assert np.ptp(smooth["Losses"].lines[0].curve.value) < 1.1


def test_options_are_json_without_nan():
    log = {**LOG, "d_loss": np.array([1.0, np.nan, np.inf])}
    for chart in charts.charts({"x": dataclasses.replace(RUN, log=log)}, View()):
        text = json.dumps(charts.options(chart, View()), allow_nan=False)
        assert len(json.loads(text)["series"]) == len(chart.lines)


def test_a_chart_is_described_for_those_who_do_not_see_it():
    words = charts.description(by_title({"x": RUN})["Losses"])
    assert words == "Losses, at the end: D's loss 3, G's loss 1."
