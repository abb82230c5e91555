"""The pages as a browser shows them: nothing leaves the machine, each formula is drawn, all fits."""

import os
import time

import browser
import pytest

for needed in ("sphinx", "myst_nb", "furo", "jupytext"):
    pytest.importorskip(needed, reason="needs the extra book")

from docs.book import build  # noqa: E402

pytestmark = pytest.mark.slow

# A folder of pages that `python -m docs.book` built; without it they are built without output.
BUILT = os.environ.get("GAN_BOOK_HTML")
DESK = 1280
PHONE = 390
SECONDS_TO_DRAW = 60
FORMULAS = """
return [
  document.querySelectorAll("mjx-merror, [data-mml-node=merror]").length,
  [...document.querySelectorAll(".math")].filter((m) => !m.querySelector("mjx-container")).length,
  document.querySelectorAll("mjx-container").length,
  document.readyState === "complete" && document.body.children.length > 0,
];
"""
# What reaches beyond the right edge, and can be scrolled to only by moving the whole page.
WIDTH = "return document.documentElement.scrollWidth"
BACKGROUND = "return getComputedStyle(document.body).backgroundColor"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    if BUILT:
        return (build.chapters.ROOT / BUILT).resolve()
    folder = tmp_path_factory.mktemp("book")
    return build.build(only=("none",), say=print, folder=folder)


@pytest.fixture(scope="module")
def driver():
    with browser.chromium() as found:
        yield found


@pytest.fixture(scope="module")
def names(pages):
    found = sorted(path.name for path in pages.glob("*.html"))
    assert {"index.html", "ch01.html", "bibliography.html", "glossary.html"} < set(found)
    return found


def set_width(driver, width):
    """A window is at least 500 wide; a phone is narrower."""
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE},
    )


def formulas(driver):
    """How many are wrong, not drawn in a minute, and drawn."""
    end = time.monotonic() + SECONDS_TO_DRAW
    failed, left, drawn, is_there = driver.execute_script(FORMULAS)
    while (left or not is_there) and time.monotonic() < end:
        time.sleep(0.1)
        failed, left, drawn, is_there = driver.execute_script(FORMULAS)
    assert is_there, "the page was not loaded in a minute"
    return failed, left, drawn


def test_no_page_asks_the_network_each_formula_is_drawn_and_all_fits(driver, pages, names):
    browser.requests(driver)  # what the browser asked for before
    wrong = []
    for name in names:
        set_width(driver, DESK)
        driver.get((pages / name).as_uri())
        failed, left, drawn = formulas(driver)
        if failed or left:
            wrong.append(f"{name}: {failed} formulas are wrong, {left} were not drawn")
        if name == "ch01.html" and not drawn:
            wrong.append(f"{name}: no formula was drawn")
        for width in (DESK, PHONE):
            set_width(driver, width)
            found = driver.execute_script(WIDTH)
            if found > width:
                wrong.append(f"{name}: is {found} wide on a screen of {width}")
        asked = {one for one in browser.requests(driver) if not one.startswith("file:")}
        if asked:
            wrong.append(f"{name}: asks the network for {asked}")
        wrong += [f"{name}: {error}" for error in browser.errors(driver)]
    assert not wrong, "\n".join(wrong)


def levels(colour):
    """rgb(1, 2, 3) -> [1, 2, 3]."""
    return [int(part) for part in colour[len("rgb(") : -1].split(",")]


def test_a_page_is_dark_where_the_reader_wants_it(driver, pages):
    set_width(driver, DESK)
    driver.get((pages / "ch01.html").as_uri())
    backgrounds = []
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        backgrounds.append(driver.execute_script(BACKGROUND))
    light, dark = backgrounds
    assert min(levels(light)) > 240
    assert max(levels(dark)) < 40
