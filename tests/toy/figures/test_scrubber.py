"""A training under the reader's hand: what the page holds, and what it shows."""

import json
import re

import browser
import numpy as np
import pytest
import tensorflow as tf

from toy.figures import scrubber
from toy.measures import coverage
from toy.targets import distributions


def right_of_zero(x, *, training=False):
    return 20.0 * x[:, :1]


def frames_of(distribution):
    frames = []
    for step in (10, 2000):
        samples = distribution.sample(600, tf.constant([step, 1], tf.int64)).numpy()
        field = scrubber.field_of(right_of_zero, 2.0)
        frames.append((step, samples, coverage.of(samples, distribution), field))
    return frames


def test_the_field_begins_below_on_the_left():
    def upper_left(x, *, training=False):
        return 50.0 * (x[:, 1:] - x[:, :1])

    field = scrubber.field_of(upper_left, 3.0).reshape(scrubber.SIDE, scrubber.SIDE)
    assert field[-1, 0] == 100
    assert field[0, -1] == 0
    assert field[0, 0] == 50


def test_the_page_holds_rounded_points_and_python_s_words(tmp_path):
    ring = distributions.ring()
    frames = frames_of(ring)
    path = scrubber.save(tmp_path / "new" / "page.html", frames, frames[0][1], 2.5)
    data = json.loads(re.search(r"const data = (.*);", path.read_text(encoding="utf-8"))[1])
    assert [one["round"] for one in data["frames"]] == [10, 2000]
    for one, (_, samples, counts, field) in zip(data["frames"], frames, strict=True):
        shown = 2.5 * np.array(one["samples"]) / scrubber.SCALE
        np.testing.assert_allclose(shown, samples[: scrubber.POINTS], atol=2.5e-3)
        assert one["words"] == str(counts)
        assert one["field"] == field.tolist()


@pytest.mark.slow
def test_the_slider_shows_the_numbers_of_its_moment(tmp_path):
    frames = frames_of(distributions.ring())
    path = scrubber.save(tmp_path / "page.html", frames, frames[0][1], 2.5)
    with browser.chromium() as driver:
        driver.get(path.as_uri())
        for moment, (step, _, counts, _) in enumerate(frames):
            words = driver.execute_script(
                "slider.value = arguments[0]; slider.dispatchEvent(new Event('input'));"
                "return output.textContent",
                moment,
            )
            assert words == f"round {step:,}: {counts}"
        assert browser.errors(driver) == []
        assert browser.requests(driver) == {path.as_uri()}
