"""A real run, watched: its faces drawn in another process, and the page in a browser."""

import dataclasses
import importlib.metadata
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import browser
import numpy as np
import pytest
import tiny_faces
from rich.console import Console

from dcgan import __main__ as program
from dcgan import epochs, training
from dcgan.config import Config
from dcgan.generation import trained_generator
from dcgan.measures import names, neighbours
from dcgan.measures.features import face_judge
from dcgan.measures.pixel_judge import level_name
from dcgan.runs import real_faces
from dcgan.watch import drawing, series
from dcgan.watch.run_data import RunReader
from gan_core.optim import schedules
from gan_core.runs.hooks import every
from gan_core.runs.run_folder import RunFolder

pytestmark = pytest.mark.slow

SILENT = Console(quiet=True)
TINY = tiny_faces.SHORT


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("watched") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Watch, "finish", lambda self: True)  # curves and GIF take long
        training.train(Config(**TINY, run=path), SILENT, hooks=[every(1, lambda *_: look(path))])
    return path


LOOKS = []  # what was seen of the run in each of its rounds


def look(path):
    if not LOOKS:
        LOOKS.append(RunReader(path))
    LOOKS.append(LOOKS[0].read())


def snapshot(folder):
    paths = sorted(folder.rglob("*"))
    return [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in paths]


def test_it_is_followed_from_its_first_round_to_its_end(run):
    reader, *looks = LOOKS
    looks.append(reader.read())
    assert [one.log["step"][-1] if one.log else 0 for one in looks] == [0, 2, 2, 4, 4]
    assert [len(one.sheets) for one in looks] == [0, 1, 1, 2, 2]
    assert [one.checkpoint for one in looks] == [None, 2, 2, 4, 4]
    assert [series.status(one, one.changed + 1.0).word for one in looks] == [
        *("training", "training", "training"),
        *("ended", "ended"),
    ]
    assert "epoch 1 of 2, round 2, about" in series.status(looks[2], looks[2].changed).words
    assert all(one.problems == () for one in looks)
    assert looks[-1].exported
    assert looks[-1].floor["distance_mean"] > 0.0
    assert set(looks[-1].floor) <= set(looks[-1].epochs)


def test_a_learning_rate_is_the_schedule_of_the_optimizer(run):
    step = np.arange(10, 401, 10)
    data = dataclasses.replace(
        LOOKS[1],
        config={"epochs": 4, "fall": 0.25, "d_learning_rate": 4e-4},
        log={"step": step.astype(float)},
        epochs={"epoch": np.array([2.0]), "step": np.array([200.0])},
    )
    wanted = schedules.linear_decay(4e-4, 400, start=300)
    found = series.learning_rate(data, "d_learning_rate")
    np.testing.assert_allclose(found.value, [float(wanted(int(i))) for i in step], rtol=1e-5)


def test_measures_have_their_columns_names_and_back():
    """`Watch` writes them; a page reads them without TensorFlow."""
    measures = [level_name(level) for level in ("mean", "whole", 64, 16)]
    measures += [names.WHITENED, names.SPECTRUM, names.GRID, *face_judge.BETTER]
    columns = [names.column(one) for one in measures]
    assert len(set(columns)) == len(set(measures))
    assert [names.measure(one) for one in columns] == measures
    assert epochs.column is names.column
    as_real = [one for one, best in face_judge.BETTER.items() if best == "as real"]
    assert {names.column(one) for one in as_real} <= set(series.AS_REAL)


# ---- faces now ----


def test_faces_are_those_of_the_newest_checkpoint_and_nothing_is_touched(run, tmp_path):
    before = snapshot(run)
    with RunFolder.resume(run).held():  # as a training does
        drawn = drawing.draw(str(run), 5, 3)
    assert drawn.step == RunReader(run).read().checkpoint
    # The newest one made the best, so that the usual way loads it.
    copy = shutil.copytree(run, tmp_path / "copy")
    newest = RunFolder.resume(copy).latest()
    shutil.copyfile(newest, copy / "checkpoints" / "best.npz")
    np.testing.assert_array_equal(trained_generator.load(copy).sample(5, 3), drawn.faces)
    assert snapshot(run) == before


def test_neighbours_are_the_nearest_of_the_faces_that_are_learnt_from(run):
    found = drawing.find_neighbours(str(run), 4, 3)
    images, learnt, aside = real_faces.divided_faces(Config(**TINY), SILENT)
    assert sorted([*learnt, *aside]) == list(range(48))
    both = np.concatenate([images[learnt], images[learnt][:, :, ::-1]])  # --flip is the default
    distances = np.sqrt(
        np.mean((found.faces[:, None].astype(float) - both[None]) ** 2, axis=(2, 3, 4))
    )
    np.testing.assert_allclose(found.distances, distances.min(axis=1), rtol=1e-6)
    np.testing.assert_array_equal(found.nearest, both[distances.argmin(axis=1)])
    held = neighbours.nearest(images[aside], both)[1]
    assert found.of_held_aside == np.median(held)


def test_neighbours_among_other_faces_than_the_run_learns_from_are_refused(run, tmp_path):
    """Of 49 faces others are held aside than of 48."""
    copy = shutil.copytree(run, tmp_path / "copy")
    RunFolder.resume(copy).remember(drawn=TINY["drawn"] + 1)
    with pytest.raises(ValueError, match=r"the real faces of .*copy must be those of its training"):
        drawing.find_neighbours(str(copy), 4, 3)


def test_faces_that_were_put_back_are_those_of_the_run_again(run, tmp_path):
    copy = shutil.copytree(run, tmp_path / "copy")
    images = real_faces.divided_faces(Config(**TINY), SILENT)[0]
    data = tmp_path / "faces.npy"
    RunFolder.resume(copy).remember(data=str(data), cache=str(tmp_path / "cache"))
    np.save(data, images[1:])
    with pytest.raises(ValueError, match=r"must be those of its training"):
        drawing.find_neighbours(str(copy), 4, 3)
    np.save(data, images)
    assert len(drawing.find_neighbours(str(copy), 4, 3).nearest) == 4


def test_a_checkpoint_that_is_removed_while_it_is_read_is_followed_by_the_next(run, monkeypatch):
    copied = shutil.copyfile
    calls = []

    def fail_once(source, target):
        calls.append(source)
        if len(calls) == 1:
            raise FileNotFoundError
        return copied(source, target)

    monkeypatch.setattr(drawing.shutil, "copyfile", fail_once)
    drawing._generator.cache_clear()
    assert drawing.draw(str(run), 1, 0).faces.shape == (1, 32, 32, 3)
    assert len(calls) == 2


def test_a_run_without_a_checkpoint_is_refused(run, tmp_path):
    shutil.copyfile(run / "config.json", tmp_path / "config.json")
    with pytest.raises(ValueError, match="a run that has saved a checkpoint"):
        drawing.draw(str(tmp_path), 1, 0)


# ---- the page ----


@pytest.fixture(scope="module")
def address(run):
    """Where a page of the run, twice, is served; one name ends in a byte that is no UTF-8."""
    pytest.importorskip("nicegui")
    copy = shutil.copytree(run, run.with_name(os.fsdecode(b"co\"p'y <i>&\xfc")))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dcgan", "watch", str(run), str(copy), "--no-browser"]
    environment = {**os.environ}
    environment.pop("PYTEST_CURRENT_TEST")  # NiceGUI would take the process for a test of its own
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment,
    )
    try:
        line = process.stdout.readline()
        assert f"http://127.0.0.1:{port}" in line, line
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=60)
            # What a browser asked for in vain is told too.
            assert (process.returncode, told.splitlines()[-1]) == (130, "stopped.")
        finally:
            process.kill()


def status(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_browser_gets_sheets_by_numbers_and_nothing_else(address, run):
    sheet = (run / "samples" / "epoch_0002.png").read_bytes()
    assert status(f"{address}/sheets/0/2/1.png") == (200, sheet)
    for path in ("0/3/1", "2/2/1", "-1/2/1", "0/x/1", "0/..%2f2/1", "0/2/../../config.json"):
        code, content = status(f"{address}/sheets/{path}.png")
        assert code in (404, 422), path
        assert b"PNG" not in content
    assert status(f"{address}/")[0] == 200
    assert status(f"{address}/", Host="evil.example")[0] == 421
    assert status(f"{address}/sheets/0/2/1.png", Origin="http://evil.example")[0] == 403


def test_the_page_shows_the_runs_follows_them_and_asks_nobody_else(address, run):
    wait = pytest.importorskip("selenium.webdriver.support.wait").WebDriverWait
    before = snapshot(run)
    with browser.chromium(width=390, height=900) as page:
        page.get(address)

        def text():
            return page.execute_script("return document.body.innerText")

        def wait_for(words):
            wait(page, 120).until(lambda page: words in text())

        wait_for("Ended after 2 epochs, 4 rounds.")
        assert "co\"p'y <i>&\\udcfc" in text()
        wait_for("The best epoch of each run")
        charts = "return document.querySelectorAll('.curve canvas').length"
        wait(page, 120).until(lambda page: page.execute_script(charts) >= 4)
        pictures = (
            "return [...document.querySelectorAll('.picture img')]"
            ".filter((one) => one.checkVisibility()).map((one) => one.naturalWidth)"
        )
        wait(page, 120).until(lambda page: page.execute_script(pictures) == [274, 274])
        width, inner = page.execute_script(
            "return [document.documentElement.scrollWidth, window.innerWidth]"
        )
        assert width <= inner
        unnamed = page.execute_script(
            "return [...document.querySelectorAll('button, input, [role=slider], [role=switch]')]"
            ".filter((one) => !one.textContent.trim() && !one.getAttribute('aria-label'))"
            ".filter((one) => !one.labels?.length && one.checkVisibility())"
            ".map((one) => one.outerHTML)"
        )
        assert unnamed == []
        assert "Epoch 2 of 2\n" in text()
        assert "so far" not in text()
        assert "Lower is better" in text()
        # The run goes on.
        with open(run / "log.csv", "a") as file:
            file.write((run / "log.csv").read_text().splitlines()[-1].replace("4,", "40,", 1))
            file.write("\n")
        config = json.loads((run / "config.json").read_text())
        (run / "config.json").write_text(json.dumps({**config, "epochs": 9}))
        wait_for("epoch 2 of 9, round 40")
        wait_for("Epoch 2 of 2 so far")
        (run / "config.json").write_text(json.dumps(config))
        page.execute_script(
            "[...document.querySelectorAll('button')]"
            ".find((one) => one.innerText.includes('Nearest real faces')).click()"
        )
        wait_for("below it the nearest")
        addresses = browser.requests(page)
        assert all(one.startswith(address) for one in addresses), addresses
        assert browser.errors(page) == []
    changed = {before[0] for before in set(before) ^ set(snapshot(run))}
    assert changed <= {str(run / "log.csv"), str(run / "config.json")}


# ---- wrong arguments ----


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "watch: RUN must be 1 to 8 run folders"),
        (["nowhere"], "watch: RUN must be folders of runs, such as runs/dcgan-1, got nowhere"),
        (["nowhere"], "got nowhere, which does not exist"),
        (["run", "--port", "70000"], "--port must be a whole number from 0 to 65535"),
        (["run", "--port", "PORT"], "--port must be free, got"),
        (["run", "--host", "no such host"], "--host must be"),
        (["run", "--fast"], "--fast"),
        (["run"] * 9, "watch: RUN must be 1 to 8 run folders, such as runs/dcgan-1, got 9"),
    ],
)
def test_a_wrong_argument_is_one_line(arguments, words, run, monkeypatch, capsys):
    pytest.importorskip("nicegui")
    monkeypatch.chdir(run.parent)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        arguments = [port if one == "PORT" else one for one in arguments]
        with pytest.raises(SystemExit) as stopped:
            program.main(["watch", *arguments])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1, said
    assert words in said


def test_help_says_that_runs_are_needed_and_how_many(capsys):
    with pytest.raises(SystemExit):
        program.main(["watch", "--help"])
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    assert "watch [-h] RUN [RUN ...]" in said
    assert "(1 to 8; required)" in said


def test_a_missing_extra_is_one_line(run, monkeypatch, capsys):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(SystemExit) as stopped:
        program.main(["watch", str(run)])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said.count("\n") == 1
    assert "Watch needs NiceGUI, which is not installed: pip install" in said
