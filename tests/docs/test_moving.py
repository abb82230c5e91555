"""The figures that move show the numbers that Python computes. Needs Chromium."""

import browser
import numpy as np
import pytest

pytest.importorskip("jupytext", reason="needs the extra book")

from docs.book import moving
from toy import ch02_gradient_play as gradient_play
from toy.ch01_the_game import loss_by_integration
from toy.measures.quadrature import jensen_shannon
from toy.targets.distributions import Normal

pytestmark = pytest.mark.slow

PAIRS = [
    (10.0, 1.0, 7.0, 2.0),
    (10.0, 1.0, 10.0, 1.0),
    (3.0, 0.5, 16.0, 4.5),
    (10.0, 0.4, 10.0, 5.0),
]
GAMES = [(1.0, 0.0, 0.1, 0.0), (1.0, 0.5, 0.3, 1.0), (-1.5, 2.0, 0.05, 0.5)]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """Both figures on a page without the book around it."""
    folder = tmp_path_factory.mktemp("moving")
    (folder / "_static").mkdir()
    moving.copy_scripts(folder / "_static")
    body = moving.inserted("<!-- moving: densities --><!-- moving: dirac -->")
    file = folder / "page.html"
    file.write_text(f"<!doctype html><meta charset='utf-8'>{body}", encoding="utf-8")
    with browser.chromium() as driver:
        driver.get(file.as_uri())
        yield driver
        assert browser.errors(driver) == []
        assert all(address.startswith("file:") for address in browser.requests(driver))


def set_to(page, figure, **values):
    for name, value in values.items():
        page.execute_script(
            "const input = document.querySelector(arguments[0]); input.value = arguments[1];"
            "input.dispatchEvent(new Event('input', {bubbles: true}));",
            f"#{figure} [name={name}]",
            value,
        )


def number(page, figure, name):
    return float(page.execute_script(f"return document.getElementById('{figure}').dataset.{name}"))


@pytest.mark.parametrize("pair", PAIRS)
def test_the_densities_have_pythons_loss_and_divergence(page, pair):
    real_mean, real_sd, fake_mean, fake_sd = pair
    set_to(
        page,
        "moving-densities",
        realMean=real_mean,
        realSd=real_sd,
        fakeMean=fake_mean,
        fakeSd=fake_sd,
    )
    p = Normal(real_mean, real_sd)
    q = Normal(fake_mean, fake_sd)
    assert number(page, "moving-densities", "loss") == pytest.approx(
        loss_by_integration(p, q), abs=2e-6
    )
    assert number(page, "moving-densities", "js") == pytest.approx(jensen_shannon(p, q), abs=2e-6)


@pytest.mark.parametrize("game", GAMES)
@pytest.mark.parametrize("loss", gradient_play.LOSS_NAMES)
def test_the_dirac_gan_ends_where_pythons_ends(page, game, loss):
    theta, psi, h, gamma = game
    set_to(page, "moving-dirac", loss=loss, theta=theta, psi=psi, h=h, gamma=gamma)
    for update in gradient_play.UPDATES:
        track = gradient_play.play(loss, update, (theta, psi), 300, h, gamma)
        expected = float(np.hypot(*track[-1]))
        assert number(page, "moving-dirac", update) == pytest.approx(expected, rel=1e-9)


def test_dragging_the_dot_moves_the_density(page):
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    set_to(page, "moving-densities", realMean=10, realSd=1)
    dot = page.find_element(By.CSS_SELECTOR, "#moving-densities [data-who=real]")
    ActionChains(page).drag_and_drop_by_offset(dot, 80, 30).perform()
    moved = page.find_element(By.CSS_SELECTOR, "#moving-densities [name=realMean]")
    widened = page.find_element(By.CSS_SELECTOR, "#moving-densities [name=realSd]")
    assert float(moved.get_property("value")) > 10.5
    assert float(widened.get_property("value")) > 1.05
