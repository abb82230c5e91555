"""Run one game in a separate process: start it, send it orders, read its pictures, end it.

A process is used in place of a thread because compiling a game holds Python's lock for seconds, and
the page could not respond. A process can be ended at any moment, also during a compiled call. It
then frees the memory that TensorFlow keeps for every compiled function. Also, two tabs cannot
affect each other. The price is a start of some seconds for each tab.
"""

from __future__ import annotations

import collections
import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from toy.play import settings as choices
from toy.play.settings import Settings

ROOT = Path(__file__).resolve().parents[2]  # where the package toy lies
OF_A_GAME = ("opening", "picture", "compiling", "failed")  # of no use once there is another game


class Training:
    """A worker process (`toy.play.worker`).

    Args:
        file: the path of a CSV file with points, or "".
    """

    def __init__(self, file: str = "") -> None:
        command = [sys.executable, "-m", "toy.play.worker"]
        if file:
            command.append(file)
        path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": path},
            **_apart(),
        )
        self._lock = threading.Lock()
        self._news: collections.deque[dict[str, Any]] = collections.deque()
        self._picture: dict[str, Any] | None = None
        self._rows: list[dict[str, Any]] = []
        self._builds_ahead = 0  # games that were ordered and that the worker does not build yet
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def order(self, what: str, **more: Any) -> None:
        """Send one order; nothing happens if the process has ended."""
        try:
            self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
            self.process.stdin.flush()
        except (OSError, ValueError):  # it has ended, or was closed
            return

    def build(self, settings: Settings) -> None:
        """Start a new game. What the one before still shows and tells is dropped, except for
        a program and an animation that it was asked for.
        """
        with self._lock:
            self._builds_ahead += 1
            self._picture = None
            self._rows = []
            self._news = collections.deque(one for one in self._news if one["is"] not in OF_A_GAME)
        self.order("build", settings=_texts(settings))

    def news(self) -> list[dict[str, Any]]:
        """Everything but pictures that came since the last call, in order."""
        with self._lock:
            found = list(self._news)
            self._news.clear()
        return found

    def picture(self) -> dict[str, Any] | None:
        """The newest picture, once; None if there is none since the last call.

        Its "rows" are the rows of all pictures since then, so that curves have no gaps where a
        browser is slow.
        """
        with self._lock:
            found = self._picture
            if found is None:
                return None
            found["rows"] = self._rows
            self._picture = None
            self._rows = []
        return found

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def close(self) -> None:
        """End the process at once."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.kill()
        self.process.wait()
        self._reader.join()

    def _read(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):  # half a line, of a process that was ended
                    message = json.loads(line)
                    with self._lock:
                        self._take(message)
        with self._lock:
            self._news.append({"is": "ended"})

    def _take(self, message: dict[str, Any]) -> None:
        if message["is"] == "building":
            self._builds_ahead -= 1
            return
        if self._builds_ahead and message["is"] in OF_A_GAME:  # of the game before
            return
        if message["is"] == "compiling" and self._picture is not None:
            self._picture["before_compiling"] = True
        if message["is"] != "picture":
            self._news.append(message)
            return
        self._rows.append(
            {
                "round": message["round"],
                **message["row"],
                **{f"m_{name}": value for name, value in message["measured"].items()},
                "push": message["push"],
                "mean": message.get("mean"),
                "sd": message.get("sd"),
            }
        )
        self._picture = message


def _texts(settings: Settings) -> dict[str, str]:
    """The settings as the names and values of an address, which the worker reads and checks."""
    return dict(parse_qsl(choices.query(settings)))


def _apart() -> dict[str, Any]:
    """Ctrl-C in the terminal is for the page's process alone, which then ends this one."""
    if os.name == "posix":
        return {"start_new_session": True}
    return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}  # type: ignore[attr-defined]
