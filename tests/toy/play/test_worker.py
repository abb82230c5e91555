"""The worker: follows orders, plays and stops, tells what fails, and ends with its tab."""

import base64
import collections
import io
import itertools
import json
import os
import sys
import threading
import time
import warnings

import numpy as np
import pytest
from PIL import Image

from toy.play import csv_points, worker
from toy.play.settings import Settings
from toy.play.training import Training
from toy.play.worker import Worker

pytestmark = pytest.mark.slow

SMALL = {"g_hidden": "8", "d_hidden": "8", "batch": "16"}


class Player(Worker):
    """A worker in this process, in eager mode."""

    def __init__(self, file=""):
        super().__init__(io.StringIO(), file, mode="eager")

    def do(self, what, **more):
        """Follow one order. -> what was said."""
        self.orders.put({"do": what, **more})
        self.follow(self.orders.get())
        return self.said()

    def said(self):
        lines = self.out.getvalue().splitlines()
        self.out.seek(0)
        self.out.truncate()
        return [json.loads(line) for line in lines]


@pytest.fixture
def player():
    made = Player()
    made.do("build", settings=SMALL)
    return made


def kinds(said):
    return [message["is"] for message in said]


def test_a_new_game_is_told_and_shown_and_not_played():
    player = Player()
    assert player.do("pause") == []  # there is no game yet
    said = player.do("build", settings=SMALL)
    assert kinds(said) == ["building", "opening", "picture"]
    assert said[2]["round"] == 0
    assert said[2]["playing"] is False


def weights(network):
    """All of them in one row."""
    return np.concatenate([variable.numpy().ravel() for variable in network.trainable_variables])


def test_one_round_one_step_of_d_and_one_of_g(player):
    networks = player.game.trainer.generator, player.game.trainer.discriminator

    def moved(order):
        before = [weights(network) for network in networks]
        picture = player.do(order)[-1]
        changed = []
        for network, old in zip(networks, before, strict=True):
            changed.append(not np.array_equal(weights(network), old))
        return changed, picture["round"], sorted(picture["row"])

    assert moved("d_step")[:2] == ([False, True], 0)
    assert moved("g_step") == ([True, False], 0, ["g_loss"])
    assert moved("round") == ([True, True], 1, ["accuracy", "d_fake", "d_loss", "d_real", "g_loss"])


def test_it_plays_until_it_is_paused(player):
    player.do("play")
    for _ in range(3):
        player.play()
    pictures = [message for message in player.said() if message["is"] == "picture"]
    rounds = [picture["round"] for picture in pictures]
    assert rounds == sorted(set(rounds))
    assert rounds[0] >= 1
    assert all(picture["playing"] for picture in pictures)
    assert player.do("pause")[-1]["playing"] is False
    assert player.is_playing is False


def test_slow_motion_plays_one_round_a_picture(player):
    player.do("speed", speed="slow")
    player.do("play")
    player.play()  # of this one most is compiling
    start = time.monotonic()
    player.play()
    assert player.game.round == 2
    assert player.next_picture - start >= 1.0 / worker.SPEEDS["slow"]


def test_a_new_game_does_not_play_as_many_rounds_at_once_as_a_faster_one_did(player, monkeypatch):
    """Otherwise its second picture, and every order, would wait for up to a thousand slow rounds."""

    def played(seconds_a_round):
        """Rounds of each of four pictures, on a clock that only rounds move; the first compiles."""
        now = [0.0]
        monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
        counts = []

        def rounds(count):
            now[0] += count * seconds_a_round + 5.0 * (not counts)
            counts.append(count)
            return {"d_loss": np.ones(count)}

        player.do("build", settings=SMALL)
        monkeypatch.setattr(player.game, "rounds", rounds)
        player.do("play")
        for _ in range(4):
            player.play()
        return counts

    assert played(2.0**-13) == [1, 1, 409, 409]
    assert played(2.0**-7) == [1, 1, 6, 6]


def test_sliders_act_on_the_game_that_is_played(player):
    player.do("set", name="g_rate", value=0.25)
    assert float(player.game.live["g_rate"]) == 0.25
    assert player.do("round")[-1]["live"]["g_rate"] == 0.25


def test_the_program_and_the_animation_are_of_this_game(player):
    for _ in range(3):
        player.do("round")
    (told,) = player.do("program")
    assert "trainer.rounds(batches, 3)" in told["text"]
    (told,) = player.do("gif")
    film = Image.open(io.BytesIO(base64.b64decode(told["data"])))
    assert film.format == "GIF"
    assert film.n_frames == 4
    assert film.convert("RGB").getcolors(1 << 16)


def test_an_animation_on_the_line():
    player = Player()
    player.do("build", settings={**SMALL, "target": "normal"})
    player.do("round")
    (told,) = player.do("gif")
    colours = Image.open(io.BytesIO(base64.b64decode(told["data"]))).convert("RGB").getcolors(1000)
    assert {(0, 114, 178), (213, 94, 0)} <= {colour for _, colour in colours}


def test_numbers_whose_squares_are_too_large_for_float32_are_shown():
    player = Player()
    player.do("build", settings={**SMALL, "target": "normal"})
    samples, field, push = player.eye._look()
    player.eye._look = lambda: (1e30 * samples, field, 1e30 * push)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = player.eye.look()
    assert shown["sd"] > 1e25
    assert shown["push"] > 1e20


def test_numbers_that_are_not_finite_stop_the_game_in_one_line():
    player = Player()
    wild = {"target": "normal", "loss": "wasserstein", "optimizer": "SGD", "update": "simultaneous"}
    player.do("build", settings={**SMALL, **wild, "g_rate": "1", "d_rate": "1"})
    player.do("play")
    for _ in range(200):
        player.play()
        if not player.is_playing:
            break
    last = player.said()[-1]
    assert last["is"] == "failed"
    assert "the numbers are not finite any more" in last["words"]
    assert player.do("build", settings=SMALL)[-1]["round"] == 0  # and can go on


def test_an_order_that_is_none_stops_nothing(player, monkeypatch):
    """`run` tells it, and takes the next order."""
    player.orders.put({"do": "build", "settings": {"loss": "mine"}})

    def say(kind, **more):
        if kind == "failed":
            sys.exit(f"{kind}: {more['words']}")

    monkeypatch.setattr(player, "say", say)
    with pytest.raises(SystemExit, match="failed: Settings: loss must be one of minimax"):
        player.run()


def test_moments_are_thinned_out_evenly(monkeypatch):
    monkeypatch.setattr(worker, "KEPT", 8)
    film = worker.Film()
    for i in range(40):
        film.add({"round": i})
    rounds = [moment["round"] for moment in film.kept]
    assert rounds[0] == 0
    assert len({b - a for a, b in itertools.pairwise(rounds)}) == 1
    assert 4 <= len(rounds) <= 8


def test_an_animation_ends_with_what_was_shown_last(player, monkeypatch):
    monkeypatch.setattr(worker, "FILMED", 2)
    for _ in range(3):
        player.do("round")
    (told,) = player.do("gif")
    film = Image.open(io.BytesIO(base64.b64decode(told["data"])))
    assert film.n_frames == 3  # rounds 0, 2 and 3


# ---- the process ----


def test_the_process_ends_when_nobody_listens_any_more():
    """While it still starts, too."""
    training = Training()
    try:
        training.build(Settings())
        training.process.stdin.close()
        assert training.process.wait(timeout=60) == 0
        assert not training.is_alive
        training.order("play")  # to nobody
    finally:
        training.close()


def test_close_ends_it_at_once():
    training = Training()
    assert training.is_alive
    training.close()
    assert not training.is_alive


PICTURE = {"is": "picture", "round": 1, "row": {}, "measured": {"modes": 3}, "push": 0.5}


@pytest.fixture
def training(monkeypatch):
    """One without a process."""
    made = Training.__new__(Training)
    made._lock = threading.Lock()
    made._news = collections.deque()
    made._picture = None
    made._rows = []
    made._builds_ahead = 0
    monkeypatch.setattr(made, "order", lambda what, **more: None)
    return made


def test_what_an_older_game_still_shows_and_tells_is_dropped(training):
    """It plays on until the worker reads the order, and may fail meanwhile."""
    training._take(dict(PICTURE))
    training._take({"is": "compiling", "what": "round"})
    training._take({"is": "gif", "data": ""})
    training.build(Settings())
    training.build(Settings(seed=1))
    for message in (PICTURE, {"is": "failed", "words": "Round 9"}, {"is": "building"}):
        training._take(dict(message))
    training._take({"is": "opening", "of": "the first"})
    training._take({"is": "program", "text": ""})
    assert training.picture() is None
    training._take({"is": "building"})
    training._take({"is": "opening", "of": "the second"})
    training._take(dict(PICTURE))
    assert training.picture()["rows"][0]["round"] == 1
    assert training.news() == [
        {"is": "gif", "data": ""},
        {"is": "program", "text": ""},
        {"is": "opening", "of": "the second"},
    ]


def test_the_rows_of_all_pictures_are_kept(training):
    picture = PICTURE
    training._take({"is": "opening"})
    training._take({**picture, "round": 1})
    training._take({**picture, "round": 2})
    newest = training.picture()
    assert newest["round"] == 2
    assert [row["round"] for row in newest["rows"]] == [1, 2]
    assert newest["rows"][0]["m_modes"] == 3
    assert training.picture() is None
    assert training.news() == [{"is": "opening"}]


# ---- files ----


def written(tmp_path, text):
    path = tmp_path / "p.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "x,y\n" + "1,2\n3,4\n" * 10,
        "1;2\n3;4\n" * 10,
        "1\t2\n3\t4\n" * 10,
        "\ufeff1, 2\n\n3, 4\n" * 1 + "1, 2\n3, 4\n" * 9,
        "1  2\n3  4\n" * 10,
        "x,y,\n" + "1,2,\n3,4,\n" * 10,
    ],
)
def test_points_are_read_with_any_separator_and_heading(tmp_path, text):
    rows = csv_points.read(written(tmp_path, text))
    assert rows.shape == (20, 2)
    assert rows[:2].tolist() == [[1.0, 2.0], [3.0, 4.0]]


def test_one_column_is_a_target_on_the_line(tmp_path):
    assert csv_points.read(written(tmp_path, "height\n" + "1.5\n2.5\n" * 10)).shape == (20, 1)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", "10 to 100,000 points"),
        ("x,y\n", "10 to 100,000 points"),
        ("1,2\n" * 5 + "1,2,3\n" + "1,2\n" * 9, r"line 6: '1,2,3'"),
        ("1,2,3\n" * 20, "one or two numbers in each line"),
        ("1,2\n" * 12 + "1,nan\n", "finite numbers"),
        ("1,2\n" * 12 + "1,a\n", r"line 13: '1,a'"),
        ("1,2\n" * 12, "points that differ"),
        ("0.1,0.3\n" * 1000, "points that differ"),  # whose mean is not quite 0.1
        ("1e39,2\n" * 12 + "1,2\n", "finite numbers of at most 1e\\+15"),
        ("1e30,2\n" * 12 + "1,2\n", "finite numbers of at most 1e\\+15"),
        ("1,a\n" + "1,2\n3,4\n" * 9, r"line 1: '1,a'"),
        ("1,2\n" * 12 + "1,,2\n,1,2\n", r"line 13: '1,,2'"),
        ("7" * 200_000 + "\n" + "1\n" * 12, "finite numbers"),
        ("1\n" * 12 + "x" * 200_000, r"line 13: 'xxx"),
    ],
)
def test_what_is_no_list_of_points_is_one_line(tmp_path, text, wanted):
    with pytest.raises(ValueError, match=wanted):
        csv_points.read(written(tmp_path, text))


def test_a_file_that_cannot_be_read_is_one_line(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"points must be a CSV file that can be read.*No such"):
        csv_points.read(tmp_path / "none.csv")
    with pytest.raises(ValueError, match="points must be a CSV file that can be read"):
        csv_points.read(tmp_path)
    with pytest.raises(ValueError, match=r"a CSV file that can be read.*a device or a pipe"):
        csv_points.read(os.devnull)
    (tmp_path / "b.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="no text in UTF-8"):
        csv_points.read(tmp_path / "b.csv")
    monkeypatch.setattr(csv_points, "MOST_BYTES", 2)
    with pytest.raises(ValueError, match="at most 2 bytes"):
        csv_points.read(written(tmp_path, "1,2\n" * 12))
