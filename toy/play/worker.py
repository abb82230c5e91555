"""A process that plays one game: it reads orders and writes pictures, one line for each.

    python -m toy.play.worker [FILE.csv]

Each line is one JSON object, on standard input {"do": ...} and on standard output {"is": ...}.
`toy.play.training` is the other end. When its end of standard input is closed this process ends at
once, whatever it is doing, so that no game outlives its tab.

Between two pictures the game plays as many rounds as fit in PLAYED seconds, so that an order never
waits longer than that and a picture.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from gan_core.app import quiet, without_keras
from toy.play import csv_points
from toy.play import settings as choices
from toy.play.settings import Settings

SPEEDS = {"slow": 3.0, "steady": 50.0, "full": None}  # rounds a second; None: as many as fit
PICTURES = 12.0  # a second, at most
PLAYED = 0.05  # seconds of rounds between two pictures at full speed
MEASURED = 0.4  # seconds between two measurements of coverage and distance
MOST_ROUNDS = 1_000  # between two pictures
KEPT = 400  # moments for the animation; when there are so many, every second one is dropped
FILMED = 120  # moments that the animation has, and the newest


class Film:
    """Moments of a game for its animation, thinned out evenly as they become many."""

    def __init__(self) -> None:
        self.kept: list[dict[str, Any]] = []
        self.newest: dict[str, Any] = {}
        self.every = 1  # how many moments go by between two that are kept
        self.count = 0  # of all moments so far

    def add(self, moment: dict[str, Any]) -> None:
        """Take the next moment."""
        self.newest = moment
        if self.count % self.every == 0:
            self.kept.append(moment)
        self.count += 1
        if len(self.kept) >= KEPT:
            self.kept = self.kept[::2]
            self.every *= 2

    def moments(self) -> list[dict[str, Any]]:
        """At most FILMED moments in order, and the newest one."""
        step = -(-len(self.kept) // FILMED)
        filmed = self.kept[::step]
        if filmed[-1] is not self.newest:
            filmed.append(self.newest)
        return filmed


class Worker:
    """Takes orders and plays.

    Args:
        out: where lines go.
        file: the path of the CSV file, or "".
        mode: the trainer's: "xla", "graph" or "eager".
    """

    def __init__(self, out: TextIO, file: str = "", mode: str = "xla") -> None:
        self.out = out
        self.file = file
        self.mode = mode
        self.rows = csv_points.read(file) if file else None
        self.orders: queue.Queue[dict[str, Any]] = queue.Queue()
        self.game: Any = None
        self.eye: Any = None
        self.opening: dict[str, Any] = {}
        self.first_settings = Settings()
        self.film = Film()
        self.is_playing = False
        self.speed = "full"
        self.next_picture = 0.0

    # ---------------------------------------------------------------- lines

    def say(self, kind: str, **more: Any) -> None:
        """Write one line."""
        self.out.write(json.dumps({"is": kind, **more}, allow_nan=False) + "\n")
        self.out.flush()

    def listen(self, lines: Any) -> None:
        """Queue orders as they come; at the end of the lines end the process."""
        for line in lines:
            self.orders.put(json.loads(line))
        os._exit(0)

    def run(self) -> None:
        """Follow orders, and play between them."""
        while True:
            try:
                self.follow_all()
                if self.is_playing:
                    self.play()
            except (ValueError, ArithmeticError) as error:
                self.is_playing = False
                self.say("failed", words=str(error))

    def follow_all(self) -> None:
        """Follow the orders that are there, in order; wait for one while nothing is played."""
        wait = None if not self.is_playing else max(0.0, self.next_picture - time.monotonic())
        while True:
            try:
                order = self.orders.get(timeout=wait)
            except queue.Empty:
                return
            self.follow(order)
            wait = 0.0

    def follow(self, order: dict[str, Any]) -> None:
        """Do what one order says."""
        what = order["do"]
        if what == "build":
            self.say("building")  # what was said before is of another game
            self.build(choices.from_query(order["settings"]))
            return
        if what == "speed":
            self.speed = order["speed"]
            return
        if self.game is None:
            return
        actions = {
            "play": self.start,
            "pause": self.pause,
            "round": lambda: self.by_hand("round"),
            "d_step": lambda: self.by_hand("d_step"),
            "g_step": lambda: self.by_hand("g_step"),
            "set": lambda: self.game.change(order["name"], float(order["value"])),
            "program": self.tell_program,
            "gif": self.show_film,
        }
        actions[what]()

    # ---------------------------------------------------------------- what is done

    def build(self, settings: Settings) -> None:
        """A new game, at its start, and not played."""
        from toy.play import game

        self.is_playing = False
        self.game = game.Game(settings, self.rows, self.mode)
        self.first_settings = settings
        self.eye = game.Eye(self.game)
        self.film = Film()
        self.recent: list[tuple[float, int]] = []
        self.next_measure = 0.0
        self.compiled: set[str] = set()  # of what is played for the first time
        self.seconds_a_round: float | None = None  # not measured yet
        self.opening = self.eye.opening()
        self.say("opening", **self.opening)
        self.show({})

    def start(self) -> None:
        """Play from now on."""
        self.is_playing = True
        self.recent = []
        self.next_picture = time.monotonic()

    def pause(self) -> None:
        """Stop playing, and measure where it stands."""
        self.is_playing = False
        self.next_measure = 0.0
        self.show({})

    def by_hand(self, what: str) -> None:
        """One round, or one step of one player, and a picture."""
        self.is_playing = False
        self.next_measure = 0.0
        if what not in self.compiled:
            self.say("compiling", what=what)
        self.compiled.add(what)
        if what == "round":
            row = {name: values[-1] for name, values in self.game.rounds(1).items()}
        elif what == "d_step":
            row = self.game.d_step()
        else:
            row = self.game.g_step()
        self.show(row, by_hand=what)

    def play(self) -> None:
        """The rounds of one picture, and the picture."""
        if "round" not in self.compiled:
            self.say("compiling", what="round")
        start = time.monotonic()
        self.next_picture = start + 1.0 / PICTURES
        count = self.rounds_now()
        rows = self.game.rounds(count)
        took = time.monotonic() - start
        if "round" in self.compiled:  # else most of it was compiling
            self.measure_speed(took / count)
        self.compiled.add("round")
        self.recent = [*self.recent[-20:], (time.monotonic(), self.game.round)]
        row = {name: values.mean() for name, values in rows.items()}
        self.show(row)
        if not all(np.isfinite(value) for value in row.values()):
            self.is_playing = False
            words = (
                f"Round {self.game.round:,}: the numbers are not finite any more. "
                "Start again, with smaller rates or a penalty."
            )
            self.say("failed", words=words)

    def measure_speed(self, seconds: float) -> None:
        """A moving average of the seconds that a round takes."""
        if self.seconds_a_round is None:
            self.seconds_a_round = seconds
        self.seconds_a_round += 0.3 * (seconds - self.seconds_a_round)

    def rounds_now(self) -> int:
        """How many rounds the next picture shows: one until their speed is known."""
        rate = SPEEDS[self.speed]
        fit = 1
        if self.seconds_a_round is not None:
            fit = max(1, min(MOST_ROUNDS, int(PLAYED / max(self.seconds_a_round, 1e-6))))
        if rate is None:
            return fit
        if rate < PICTURES:
            self.next_picture = time.monotonic() + 1.0 / rate
            return 1
        return min(fit, max(1, round(rate / PICTURES)))

    # ---------------------------------------------------------------- what is shown

    def show(self, row: dict[str, float], by_hand: str = "") -> None:
        """One picture, with the row of training that goes with it."""
        found = self.eye.look()
        now = time.monotonic()
        numbers = {}
        if now >= self.next_measure:
            numbers = self.eye.measure()
            self.next_measure = now + MEASURED
        self.film.add(found)
        live = {name: getattr(self.game.settings, name) for name in choices.LIVE}
        finite = {name: float(value) for name, value in row.items() if np.isfinite(value)}
        self.say(
            "picture",
            **found,
            row=finite,
            measured=numbers,
            live=live,
            by_hand=by_hand,
            playing=self.is_playing,
            rate=self.rounds_a_second(),
        )

    def rounds_a_second(self) -> float:
        """Over the last pictures."""
        if len(self.recent) < 2:
            return 0.0
        (first, before) = self.recent[0]
        (last, after) = self.recent[-1]
        return round((after - before) / max(last - first, 1e-6), 1)

    def tell_program(self) -> None:
        """The program that makes this run."""
        from toy.play import program

        self.say(
            "program",
            text=program.text(self.first_settings, self.game.history, file=self.file),
        )

    def show_film(self) -> None:
        """The animation of the game so far."""
        from toy.play import gif

        film = gif.animation(self.opening, self.film.moments())
        self.say("gif", data=base64.b64encode(film).decode("ascii"))


def main() -> None:
    """Play for the process at the other end of standard input and output."""
    # What libraries print must not come between the lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)
    file = sys.argv[1] if sys.argv[1:] else ""
    worker = Worker(out, str(Path(file)) if file else "")
    listening = threading.Thread(target=worker.listen, args=[sys.stdin], daemon=True)
    listening.start()
    with quiet.start(), without_keras.imported():
        from toy.play import game  # noqa: F401  (imports TensorFlow)
    worker.say("ready")
    worker.run()


if __name__ == "__main__":
    main()
