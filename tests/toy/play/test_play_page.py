"""The page in a browser: nothing from elsewhere, play and pause, sliders, two tabs, and the end."""

import contextlib
import dataclasses
import os
import re
import signal
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import parse_qsl

import browser
import pytest

from toy.play import settings as choices
from toy.play.presets import PRESETS
from toy.play.settings import Settings
from toy.play.training import Training

page_module = pytest.importorskip("toy.play.page", reason="needs the extra explore")
WebDriverWait = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait
ActionChains = pytest.importorskip("selenium.webdriver").ActionChains

SLIDERS = page_module.SLIDERS
Tab = page_module.Tab

pytestmark = pytest.mark.slow

SMALL = "g_hidden=8&d_hidden=8&batch=16"
PATIENCE = 120  # seconds: a machine may be busy


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """(process, address) of `python -m toy play`, in an empty folder."""
    folder = tmp_path_factory.mktemp("play")
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"
    }
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        [sys.executable, "-m", "toy", "play", "--port", "0", "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
    )
    try:
        said = process.stdout.readline()
        assert "http://127.0.0.1:" in said
        yield process, re.search(r"http://\S+", said)[0], folder
    finally:
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=60)
            assert (process.returncode, told) == (130, "stopped.\n")
        finally:
            process.kill()


@pytest.fixture(scope="module")
def page(server):
    """A tab with a small game at its start."""
    _, address, _ = server
    with browser.chromium() as driver:
        driver.get(f"{address}/?{SMALL}")
        until(driver, lambda: status(driver) == "Round 0")
        yield driver


def until(driver, condition):
    return WebDriverWait(driver, PATIENCE, 0.1).until(lambda _: condition())


def status(driver):
    return driver.execute_script("return document.querySelector('.play-status').textContent")


def round_of(driver):
    found = re.match(r"Round ([\d,]+)", status(driver))
    return int(found[1].replace(",", "")) if found else -1


def click(driver, name):
    driver.execute_script("document.getElementById(arguments[0]).click()", name)


def workers(process):
    """The processes that the server has started, on Linux."""
    path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not path.exists():
        pytest.skip("needs Linux's list of a process's children")
    return path.read_text(encoding="ascii").split()


def test_it_plays_and_pauses(page):
    click(page, "play")
    until(page, lambda: round_of(page) > 2)
    click(page, "play")
    until(page, lambda: "rounds a second" not in status(page))
    stopped = round_of(page)
    time.sleep(0.5)
    assert round_of(page) == stopped
    click(page, "round")
    until(page, lambda: round_of(page) == stopped + 1)


def test_the_picture_is_drawn(page):
    """Its colours: the field's greys, and both kinds of samples."""
    found = page.execute_script(
        """const canvas = document.querySelector('.board canvas');
           const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
           const seen = new Set();
           for (let i = 0; i < data.length; i += 4) seen.add(data.slice(i, i + 3).join());
           return [...seen]"""
    )
    assert {"0,114,178", "213,94,0"} <= set(found)
    assert len([one for one in found if len(set(one.split(","))) == 1]) > 20


AXES = """return [...document.querySelectorAll('.charts figure')].map((one) =>
    [one.querySelector('b').textContent, one.querySelector('canvas').dataset.axis])"""

PRESSED = """return [...document.querySelectorAll('[aria-pressed=true]')].map((one) => one.id)
    .filter((id) => id.startsWith('preset-'))"""


def test_headings_and_axes_agree_when_lessons_change(server):
    """From the plane to the line and back: charts come and go between those that stay."""
    _, address, _ = server
    plane = [
        ["Losses", "loss"],
        ["D's mean answer", "mean D"],
        ["Coverage", "share"],
        ["Distance (1: two real sets)", "distance"],
        ["Push on a sample", "mean arrow"],
    ]
    line = [
        ["Losses", "loss"],
        ["D's mean score", "mean D"],
        ["Generated samples", "x"],
        ["Distance (1: two real sets)", "distance"],
        ["Push on a sample", "mean arrow"],
    ]
    with browser.chromium() as driver:
        driver.get(f"{address}/?{SMALL}")
        until(driver, lambda: driver.execute_script(AXES) == plane)
        for lesson, wanted in (("spiral", line), ("collapse", plane)):
            click(driver, f"preset-{lesson}")
            until(driver, lambda wanted=wanted: driver.execute_script(AXES) == wanted)
            until(driver, lambda: round_of(driver) > 0)
            time.sleep(0.5)  # until the curves have been drawn again
            assert driver.execute_script(AXES) == wanted
            assert driver.execute_script(PRESSED) == [f"preset-{lesson}"]
        note = driver.find_element("class name", "play-note")
        assert note.text.startswith("Collapse: ")
        gamma = driver.find_element("id", "slider-gamma")
        assert gamma.get_attribute("aria-disabled") == "true"  # there is no penalty
        driver.find_element("css selector", "#slider-g_rate [tabindex]").send_keys("\ue014")
        until(driver, lambda: note.text.startswith("Collapse (changed): "))


def test_a_slider_answers_and_the_address_keeps_it(page):
    slider = page.find_element("css selector", "#slider-g_rate [tabindex]")
    before = page.current_url
    start = time.monotonic()
    slider.send_keys("\ue014")  # an arrow to the right
    until(page, lambda: "g_rate=0.00112" in page.current_url)
    assert time.monotonic() - start < 30.0
    assert "g_rate" not in before


def test_a_target_is_chosen_and_drawn(page):
    page.find_element("id", "choice-target").click()
    items = until(page, lambda: page.find_elements("css selector", ".q-menu .q-item"))
    (drawn,) = [item for item in items if item.text == "drawn"]
    drawn.click()
    until(page, lambda: "target=drawn" in page.current_url and status(page) == "Round 0")
    before = page.current_url
    canvas = page.find_element("css selector", ".board canvas")
    hand = ActionChains(page).move_to_element(canvas).click_and_hold()
    hand.move_by_offset(60, 40).move_by_offset(40, -80).release().perform()
    until(page, lambda: page.current_url != before and status(page) == "Round 0")
    assert "drawing=" in page.current_url


def test_a_lost_connection_will_be_told_as_the_end_of_the_program(page):
    words = page.find_element("id", "popup").get_attribute("textContent")
    assert "it has probably ended" in words


def test_nothing_comes_from_elsewhere_and_nothing_fails(server, page):
    _, address, folder = server
    foreign = {
        one
        for one in browser.requests(page)
        if not one.startswith((address, address.replace("http:", "ws:"), "chrome:", "about:"))
    }
    assert foreign == set()
    assert browser.errors(page) == []
    assert list(folder.iterdir()) == []


def test_a_foreign_host_gets_nothing(server):
    _, address, _ = server
    request = urllib.request.Request(address, headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError, match="421"):
        urllib.request.urlopen(request, timeout=10)


def test_two_tabs_do_not_meet_and_a_closed_one_ends_its_worker(server, page):
    process, address, _ = server
    until(page, lambda: len(workers(process)) == 1)  # those of earlier browsers end soon
    here = status(page)
    page.switch_to.new_window("tab")
    page.get(f"{address}/?preset=spiral")
    until(page, lambda: status(page) == "Round 0")
    assert "swings wider and wider" in page.find_element("class name", "play-note").text
    assert "loss=wasserstein" in page.current_url
    assert len(workers(process)) == 2
    page.close()
    page.switch_to.window(page.window_handles[0])
    assert status(page) == here
    until(page, lambda: len(workers(process)) == 1)


# ---- a tab before it is shown ----


def test_a_wrong_part_of_an_address_is_told_and_the_others_count():
    spiral = PRESETS["spiral"].settings
    for texts, wanted, words in (
        ({"loss": "<script>", "seed": "3"}, Settings(seed=3), "loss must be one of minimax"),
        ({"target": "points", "batch": "64"}, Settings(batch=64), "There are no points of your"),
        ({"preset": "spiral", "d_steps": "0"}, spiral, "D steps a round must be a whole number"),
        ({"d_hidden": "8-999"}, Settings(), "D's hidden layers, layer 2, must be a whole number"),
        ({"g_hidden": "wide"}, Settings(), "G's hidden layers must be sizes such as 128-128"),
    ):
        tab = Tab("", texts)
        assert tab.settings == wanted
        assert tab.note.startswith("A setting in the address cannot be used: ")
        assert words in tab.note


def test_points_are_offered_with_a_file_alone():
    (refused,) = Tab("", {"target": "mine"}).refusals
    assert "drawn-line" in refused
    assert "points" not in refused
    assert "points" in Tab("points.csv", {"target": "mine"}).refusals[0]


def test_the_text_of_a_lesson_says_how_the_game_stands():
    first = Tab("", {})
    assert first.note.startswith("Collapse (press Play to start it): A plain GAN")
    first.has_played = True
    assert first.note.startswith("Collapse: A plain GAN")
    first.settings = dataclasses.replace(first.settings, d_rate=0.01)
    assert first.note.startswith("Collapse (changed): A plain GAN")
    assert Tab("", {"seed": "5"}).note == ""
    again = dict(parse_qsl(choices.query(PRESETS["spiral"].settings)))
    assert Tab("", again).lesson == "spiral"


def test_a_picture_from_before_compiling_is_marked():
    """Otherwise its "Round 0" takes the place of the word that something is compiled."""
    training = object.__new__(Training)
    training._news = []
    training._picture = None
    training._rows = []
    training._builds_ahead = 0
    picture = {"is": "picture", "round": 0, "row": {}, "measured": {}, "push": 0.0}
    training._take(dict(picture))
    training._take({"is": "compiling", "what": "round"})
    assert training._picture["before_compiling"]
    training._take({**picture, "round": 1})
    assert "before_compiling" not in training._picture


def test_a_tab_too_many_waits_until_another_is_closed(monkeypatch):
    """Also one that is reloaded: the server forgets the old one some seconds later."""
    started = []

    class OneTab:
        def __init__(self):
            self.training = None
            self.status = types.SimpleNamespace(set_text=lambda words: self.told.append(words))
            self.told = []

        def start(self, training):
            self.training = training
            started.append(self)

        def close(self):
            self.training = None

    monkeypatch.setattr(page_module, "Training", lambda file: "a game")
    monkeypatch.setattr(page_module.app, "on_shutdown", lambda handler: None)
    tabs = page_module.Tabs()
    tabs.first = None
    first, *others = [OneTab() for _ in range(page_module.MOST_TABS + 2)]
    for tab in (first, *others):
        tabs._connected(tab, contextlib.nullcontext())
    *_, waiting, leaving = others
    assert started == [first, *others[:-2]]
    assert "this one starts when another is closed" in waiting.told[0]
    tabs._gone(leaving)  # it had no game
    assert waiting not in started
    tabs._gone(first)
    assert started[-1] is waiting
    assert len(tabs.open) == page_module.MOST_TABS
    tabs._connected(leaving, contextlib.nullcontext())
    tabs.first = types.SimpleNamespace(close=lambda: None)
    tabs.close_all()
    assert leaving not in started


def test_a_lesson_may_be_changed_in_the_address():
    tab = Tab("", {"preset": "spiral", "update": "alternating", "speed": "slow"})
    assert tab.settings == dataclasses.replace(PRESETS["spiral"].settings, update="alternating")
    assert tab.speed == "slow"
    assert "(Chapter 2.)" in tab.note


def test_a_file_is_the_first_target():
    assert Tab("points.csv", {}).settings.target == "points"
    assert Tab("", {}).settings == PRESETS["collapse"].settings


@pytest.mark.parametrize("name", SLIDERS)
def test_a_slider_stands_where_its_value_is(name):
    _, low, high, _, _ = SLIDERS[name]
    for place in (low, 0.3 * low + 0.7 * high, high):
        value = page_module._from_slider(name, place)
        assert page_module._to_slider(name, value) == pytest.approx(place, abs=0.01)
        Settings(**{name: value})
