"""A headless Chromium for tests of pages, which notices what a page asks the network for."""

import contextlib
import json
import shutil

import pytest

CHROMIUM = shutil.which("chromium")
DRIVER = shutil.which("chromedriver")


def is_there() -> bool:
    return CHROMIUM is not None and DRIVER is not None


@contextlib.contextmanager
def chromium(width=1200, height=1400, dark=False):
    """A driver of selenium; the test is skipped, by name, where there is no Chromium."""
    webdriver = pytest.importorskip("selenium.webdriver")
    if not is_there():
        pytest.skip("needs Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu"):
        options.add_argument(argument)
    if dark:
        options.add_argument("--force-dark-mode")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.chrome.service.Service(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_window_size(width, height)
        yield driver
    finally:
        driver.quit()


def requests(driver) -> set[str]:
    """The addresses that the page has asked for so far, but for data: and blob: ones."""
    addresses = set()
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.add(message["params"]["request"]["url"])
    return {one for one in addresses if not one.startswith(("data:", "blob:"))}


def errors(driver) -> list[str]:
    """What the page's script complained of."""
    return [line["message"] for line in driver.get_log("browser") if line["level"] == "SEVERE"]
