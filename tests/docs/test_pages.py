"""The pages as a browser shows them: nothing leaves the machine, and each formula is drawn."""

import os

import browser
import pytest

for needed in ("sphinx", "myst_nb", "furo", "jupytext"):
    pytest.importorskip(needed, reason="needs the extra book")

from docs.book import build  # noqa: E402

pytestmark = pytest.mark.slow

# A folder of pages that `python -m docs.book` built; without it they are built without output.
BUILT = os.environ.get("GAN_BOOK_HTML")


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    if BUILT:
        return build.Path(BUILT)
    folder = tmp_path_factory.mktemp("book")
    return build.build(only=("none",), say=print, folder=folder)


def test_no_page_asks_the_network_and_each_formula_is_drawn(pages):
    names = sorted(path.name for path in pages.glob("*.html"))
    assert {"index.html", "ch01.html", "bibliography.html", "glossary.html"} < set(names)
    with browser.chromium() as driver:
        driver.set_script_timeout(60)
        for name in names:
            driver.get((pages / name).as_uri())
            failed, left, drawn = driver.execute_async_script(
                """
                const done = arguments[arguments.length - 1];
                const ready = window.MathJax && MathJax.startup ? MathJax.startup.promise : Promise.resolve();
                ready.then(() => done([
                  document.querySelectorAll("mjx-merror, [data-mml-node=merror]").length,
                  [...document.querySelectorAll(".math")].filter((m) => !m.querySelector("mjx-container")).length,
                  document.querySelectorAll("mjx-container").length,
                ]));
                """
            )
            assert failed == 0, f"{name}: {failed} formulas are wrong"
            assert left == 0, f"{name}: {left} formulas were not drawn"
            assert drawn or name != "ch01.html"
            asked = browser.requests(driver)
            elsewhere = {address for address in asked if not address.startswith("file:")}
            assert not elsewhere, f"{name} asks the network for {elsewhere}"


@pytest.mark.parametrize("name", ["index.html", "ch01.html", "ch02.html", "notation.html"])
def test_a_page_is_no_wider_than_a_phone(pages, name):
    with browser.chromium(width=500) as driver:
        # A window is at least 500 wide; a phone is narrower.
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True},
        )
        driver.get((pages / name).as_uri())
        assert driver.execute_script("return document.documentElement.scrollWidth") <= 390
