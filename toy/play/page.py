"""The content of one tab: choices, the game's picture, curves. Made with NiceGUI.

A tab has one `Training`, which is started when the tab is connected and ended when it is closed.
The browser can send only choices, and `Settings` checks each of them.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nicegui import Client, app, ui
from nicegui.element import Element

from gan_core import checks
from toy.play import settings as choices
from toy.play.presets import PRESETS, Preset
from toy.play.settings import Settings
from toy.play.training import Training

ASSETS = Path(__file__).parent / "assets"
MOST_TABS = 4  # games at once, each a process of its own
TICK = 0.03  # seconds between two looks at what the game has shown
SPEEDS = {"slow": "slow motion", "steady": "steady", "full": "full speed"}


def _eight() -> str:
    """The first drawing in the plane: an eight on its side, of 90 points."""
    points = []
    for i in range(90):
        t = 2.0 * math.pi * i / 90
        points.append(choices.point_text(1.4 * math.cos(t), 1.2 * math.sin(2.0 * t)))
    return "".join(points)


def _two_humps() -> str:
    """The first drawing on the line: bars as high as two bell curves, 14 bars off the middle."""
    bars = []
    for i in range(choices.BARS):
        from_top = (abs(i - 31.5) - 14) / 5
        bars.append(choices.DIGITS[round(56 * math.exp(-(from_top**2)))])
    return "".join(bars)


DRAWN_FIRST = {choices.DRAWN_PLANE: _eight(), choices.DRAWN_LINE: _two_humps()}
SLIDERS = {  # name -> label, lowest, highest, step, whether it is a power of ten
    "g_rate": ("G's rate", -5.0, 0.0, 0.05, True),
    "d_rate": ("D's rate", -5.0, 0.0, 0.05, True),
    "gamma": ("penalty γ", -4.0, 2.0, 0.1, True),
    "noise": ("noise, in sd", 0.0, 2.0, 0.01, False),
}

LABELS = {  # what the page calls the other settings
    "target": "target",
    "g_hidden": "G's hidden layers",
    "d_hidden": "D's hidden layers",
    "loss": "loss",
    "penalty": "penalty",
    "update": "steps",
    "d_steps": "D steps a round",
    "batch": "batch",
    "latent_dim": "normals in z",
    "bits": "coin flips in z",
    "optimizer": "optimizer",
    "beta_1": "Adam's β₁",
    "start": "G starts, in sd",
    "average": "average of G",
    "fall": "fall, in rounds",
    "seed": "seed",
}
COMPILING = {  # what is made ready -> what the page says meanwhile
    "round": "Compiling the first round …",
    "d_step": "Compiling the first step of D …",
    "g_step": "Compiling the first step of G …",
}


class Board(Element, component="assets/board.js", esm={"play-canvas": "assets/canvas"}):
    """The picture (assets/board.js). Events: drawn, and drawing with the text of a drawing."""


class Charts(Element, component="assets/charts.js", esm={"play-canvas": "assets/canvas"}):
    """The curves (assets/charts.js)."""


class Tab:
    """One game in one tab of a browser.

    Args:
        file: the path of the CSV file with points, or "".
        texts: the names and values of the address.
    """

    def __init__(self, file: str, texts: dict[str, str]) -> None:
        self.file = file
        self.training: Training | None = None
        self.is_playing = False
        self.board_is_ready = True
        self.is_filling = False  # while the controls are set by the program, not by hand
        self.settings = Settings()
        self.speed = "full"
        self.lesson = ""  # a name in PRESETS, or none
        self.has_played = False  # since the tab was opened
        self.refusals: list[str] = []  # what the address asks for in vain
        self._read_address(texts)

    def _read_address(self, texts: dict[str, str]) -> None:
        if not texts:
            texts = {"preset": "collapse"} if not self.file else {"target": choices.POINTS}
        if texts.get("preset") in PRESETS:
            self._take_preset(texts["preset"])
        # One by one, so that what is right counts; a drawing belongs to its target.
        names = [name for name in LABELS if name != "target"]
        for part in (("target", "drawing"), *((name,) for name in (*names, *SLIDERS))):
            asked = {name: texts[name] for name in part if name in texts}
            try:
                self._allow_target(asked.get("target", self.settings.target))
                self.settings = choices.from_query(asked, self.settings)
            except ValueError as error:
                self.refusals.append(_in_words_of_the_page(error))
        if texts.get("speed") in SPEEDS:
            self.speed = texts["speed"]
        if not self.lesson:  # the address of a lesson, once it was played, does not name it
            same = [name for name, one in PRESETS.items() if one.settings == self.settings]
            self.lesson = same[0] if same else ""

    def _targets(self) -> list[str]:
        """What may be chosen: points only where there are some."""
        return [one for one in choices.TARGETS if one != choices.POINTS or self.file]

    def _allow_target(self, target: str) -> None:
        if target == choices.POINTS and not self.file:
            raise ValueError("There are no points of your own: start with --points FILE.csv.")
        checks.one_of("Settings", "target", target, self._targets())

    def _take_preset(self, name: str) -> None:
        self.lesson = name
        self.settings = PRESETS[name].settings
        self.speed = PRESETS[name].speed

    @property
    def note(self) -> str:
        """The text above the game: settings of the address that cannot be used, and the lesson."""
        lines = [f"A setting in the address cannot be used: {one}" for one in self.refusals]
        if self.lesson:
            lines.append(self._lesson_words(PRESETS[self.lesson]))
        return "\n".join(lines)

    def _lesson_words(self, preset: Preset) -> str:
        title = preset.title
        if self.settings != preset.settings:
            title += " (changed)"
        elif not self.has_played:
            title += " (press Play to start it)"
        return f"{title}: {preset.see}\n{preset.then} (Chapter {preset.chapter}.)"

    # ---------------------------------------------------------------- what is seen

    def build(self) -> None:
        """Make the page."""
        ui.add_css((ASSETS / "play.css").read_text(encoding="utf-8"))
        with ui.element("div").classes("play-head"):
            ui.html("<h1>The game under your hands</h1>", sanitize=False)
            ui.label("A real GAN trains while you watch and change it.").classes("play-muted")
        self._presets()
        with ui.element("main").classes("play-columns"):
            with ui.element("section").classes("play-controls"):
                self._controls()
            with ui.element("section").classes("play-board"):
                self._buttons()
                self.status = ui.label("").classes("play-status").props("role=status")
                self.board = Board()
                self.board.on("drawn", self._board_drawn)
                self.board.on("drawing", lambda event: self._drawing(event.args))
                self._drawing_help()
            with ui.element("section").classes("play-charts"):
                self.charts = Charts()
        self._fill()
        ui.keyboard(on_key=self._key)
        ui.timer(TICK, self._tick)

    def _presets(self) -> None:
        with ui.element("div").classes("play-buttons").props("role=group aria-label=lessons"):
            ui.label("Lessons (a click starts one at once):").classes("play-muted")
            self.lesson_buttons: dict[str, ui.button] = {}
            for name, preset in PRESETS.items():
                button = ui.button(preset.title, on_click=lambda name=name: self.preset(name))
                button.props(f"outline dense no-caps size=md padding='2px 10px' id=preset-{name}")
                self.lesson_buttons[name] = button
        self.note_label = ui.label("").classes("play-note").style("white-space: pre-line")

    def _buttons(self) -> None:
        with ui.element("div").classes("play-buttons"):
            self.play_button = ui.button("Play", on_click=self.toggle, icon="play_arrow")
            self.play_button.props("no-caps id=play")
            for name, text, help_text in (
                ("round", "1 round", "D's steps, then G's step"),
                ("d_step", "1 D step", "D alone; not counted as a round"),
                ("g_step", "1 G step", "G alone; not counted as a round"),
            ):
                button = ui.button(text, on_click=lambda name=name: self.by_hand(name))
                button.props(f"outline dense no-caps padding='4px 10px' id={name}")
                button.props(f'title="{help_text}"')
            ui.button("Reset", on_click=self.reset).props(
                "outline dense no-caps padding='4px 10px' id=reset"
            )
            self.speed_choice = ui.toggle(SPEEDS, on_change=self._speed_chosen)
            self.speed_choice.props("no-caps dense padding='4px 8px' id=speed")

    def _controls(self) -> None:
        ui.html("<h2>Acts at once</h2>", sanitize=False)
        self.sliders: dict[str, Any] = {}
        self.values: dict[str, Any] = {}
        for name, (text, low, high, step, _) in SLIDERS.items():
            self._slider(name, text, low, high, step)
        ui.html("<h2>Starts the game anew</h2>", sanitize=False)
        self.inputs: dict[str, Any] = {}
        self._select("target", self._targets())
        with ui.element("div").classes("play-pair"):
            self._text("g_hidden")
            self._text("d_hidden")
        self._select("loss", choices.LOSSES)
        with ui.element("div").classes("play-pair"):
            self._select("penalty", choices.PENALTIES)
            self._select("update", choices.UPDATES)
            self._number("d_steps")
            self._number("batch")
            self._number("latent_dim")
            self._number("bits")
            self._select("optimizer", choices.OPTIMIZERS)
            self._number("beta_1", 0.1)
            self._number("start", hint="how far from the data, in its sd")
            self._number("average", 0.001, "decay of the moving average; 0: none")
            self._number("fall", 1000, "rounds in which rates, γ and noise fall")
            self._number("seed")
        with ui.element("div").classes("play-buttons"):
            ui.button("Show the program", on_click=self._ask("program")).props(
                "outline no-caps dense padding='4px 10px' id=program"
            )
            ui.button("Save a GIF", on_click=self._ask("gif")).props(
                "outline no-caps dense padding='4px 10px' id=gif"
            )
        ui.label("The address of this page holds all choices: keep it, or send it.").classes(
            "play-muted"
        )

    def _slider(self, name: str, text: str, low: float, high: float, step: float) -> None:
        with ui.element("div").classes("play-slider"):
            ui.label(text)
            slider = ui.slider(min=low, max=high, step=step, value=low)
            slider.on_value_change(lambda event: self._slid(name, event.value))
            slider.props(f"id=slider-{name} aria-label='{text}'")
            self.sliders[name] = slider
            self.values[name] = ui.label("").classes("value")

    def _select(self, name: str, options: Any) -> None:
        choice = ui.select(list(options), label=LABELS[name])
        choice.on_value_change(lambda event: self._chosen(name, event.value))
        choice.props(f"dense options-dense outlined id=choice-{name}")
        self.inputs[name] = choice

    def _number(self, name: str, step: float = 1, hint: str = "") -> None:
        number = ui.number(LABELS[name], step=step).props(f'title="{hint}"')
        # A number half typed is none yet: it counts when the field is left, or at Enter.
        number.on("change", lambda: self._chosen(name, number.value))
        number.props(f"dense outlined id=choice-{name}")
        self.inputs[name] = number

    def _text(self, name: str) -> None:
        field = ui.input(LABELS[name]).props(f"dense outlined id=choice-{name}")
        field.on("change", lambda: self._hidden_typed(name, field.value))
        field.props('title="sizes such as 128-128-128, or linear"')
        self.inputs[name] = field

    def _drawing_help(self) -> None:
        with ui.element("div").classes("play-buttons") as self.drawing_row:
            ui.label("Draw the real data on the picture.").classes("play-muted")
            ui.button("Empty it", on_click=self._empty_drawing).props(
                "outline dense no-caps padding='2px 10px' id=empty"
            )

    def _fill(self) -> None:
        """Show the settings in the controls."""
        self.is_filling = True
        for name, choice in self.inputs.items():
            value = getattr(self.settings, name)
            choice.set_value(choices.hidden_text(value) if isinstance(value, tuple) else value)
        for name, slider in self.sliders.items():
            value = getattr(self.settings, name)
            slider.set_value(_to_slider(name, value))
            self.values[name].set_text(f"{value:.3g}")
        self.sliders["gamma"].set_enabled(self.settings.penalty != "none")
        self.speed_choice.set_value(self.speed)
        self._show_lesson()
        self._show_pen()
        self.is_filling = False

    def _show_lesson(self) -> None:
        """The lesson's text, and which button is its own."""
        self.note_label.set_text(self.note)
        self.note_label.set_visibility(bool(self.note))
        for name, button in self.lesson_buttons.items():
            is_this = name == self.lesson
            shown, other = ("unelevated", "outline") if is_this else ("outline", "unelevated")
            button.props(shown, remove=other)
            button.props(f"aria-pressed={str(is_this).lower()}")

    def _show_pen(self) -> None:
        is_drawn = self.settings.target in DRAWN_FIRST
        self.drawing_row.set_visibility(is_drawn)
        kind = self.settings.target if is_drawn else ""
        self.board.run_method("pen", kind, self.settings.drawing)

    # ---------------------------------------------------------------- what is chosen

    def start(self, training: Training) -> None:
        """Begin: the tab is connected.

        Args:
            training: the process that plays this tab's game, and no other.
        """
        self.training = training
        self._show_pen()
        self._build_game()

    def close(self) -> None:
        """End the game: the tab is closed."""
        if self.training is not None:
            self.training.close()

    def preset(self, name: str) -> None:
        """Take one of the presets, and play it."""
        self._take_preset(name)
        self.refusals = []
        self.has_played = True
        self._fill()
        self.is_playing = True
        self._build_game()

    def reset(self) -> None:
        """The same game from its start."""
        self._build_game()

    def toggle(self) -> None:
        """Play or pause."""
        self.is_playing = not self.is_playing
        self.has_played = True
        self._order("play" if self.is_playing else "pause")
        self._show_play()
        self._show_lesson()

    def by_hand(self, what: str) -> None:
        """One round, or one step of one player."""
        self.is_playing = False
        self.has_played = True
        self._show_play()
        self._show_lesson()
        self._order(what)

    def change(self, **changes: Any) -> None:
        """Other settings: the game starts anew."""
        try:
            changed = dataclasses.replace(self.settings, **changes)
        except ValueError as error:
            ui.notify(_in_words_of_the_page(error), type="warning", multi_line=True)
            self._fill()
            return
        if changed == self.settings:
            return
        self.settings = changed
        self.refusals = []
        self._fill()
        self._build_game()

    def _chosen(self, name: str, value: Any) -> None:
        if self.is_filling or self.training is None:
            return
        if name == "target":
            self.change(target=value, drawing=DRAWN_FIRST.get(value, ""))
            return
        if isinstance(value, float) and isinstance(getattr(Settings, name), int):
            value = int(value) if value.is_integer() else value
        self.change(**{name: value})

    def _hidden_typed(self, name: str, text: Any) -> None:
        try:
            sizes = choices.hidden_from_text(name, str(text))
        except ValueError as error:
            ui.notify(_in_words_of_the_page(error), type="warning")
            self._fill()
            return
        self.change(**{name: sizes})

    def _slid(self, name: str, place: float) -> None:
        if self.is_filling or self.training is None:
            return
        try:
            value = _from_slider(name, place)
            self.settings = dataclasses.replace(self.settings, **{name: value})
        except (TypeError, ValueError, OverflowError):
            return
        self.values[name].set_text(f"{value:.3g}")
        self._order("set", name=name, value=value)
        self._show_lesson()
        self._show_address()

    def _speed_chosen(self, event: Any) -> None:
        if event.value in SPEEDS:
            self.speed = event.value
            self._order("speed", speed=self.speed)
            if not self.is_filling:
                self._show_address()

    def _drawing(self, text: Any) -> None:
        if self.settings.target in DRAWN_FIRST:
            self.change(drawing=text)

    def _empty_drawing(self) -> None:
        """An empty board; the game waits for the first stroke."""
        self.is_playing = False
        self._order("pause")
        self._show_play()
        self.board.run_method("pen", self.settings.target, "")
        self.status.set_text("Draw the real data; the game starts anew after each stroke.")

    def _key(self, event: Any) -> None:
        if event.action.keydown and not event.action.repeat:
            if event.key == " ":
                self.toggle()
            elif event.key == ".":
                self.by_hand("round")

    # ---------------------------------------------------------------- the game's other end

    def _order(self, what: str, **more: Any) -> None:
        if self.training is not None:
            self.training.order(what, **more)

    def _ask(self, what: str) -> Callable[[], None]:
        return lambda: self._order(what)

    def _build_game(self) -> None:
        if self.training is None:
            return
        self.status.set_text("A new game is made …")
        self.board_is_ready = True
        self.training.build(self.settings)
        self._order("speed", speed=self.speed)
        if self.is_playing:
            self._order("play")
        self._show_play()
        self._show_address()

    def _show_play(self) -> None:
        self.play_button.set_text("Pause" if self.is_playing else "Play")
        self.play_button.set_icon("pause" if self.is_playing else "play_arrow")

    def _show_address(self) -> None:
        more = {} if self.speed == "full" else {"speed": self.speed}
        query = choices.query(self.settings, **more) or "target=ring"
        ui.run_javascript(f"history.replaceState(null, '', {json.dumps('?' + query)})")

    def _board_drawn(self) -> None:
        self.board_is_ready = True

    def _tick(self) -> None:
        """Show what the game has shown since the last tick."""
        if self.training is None:
            return
        for message in self.training.news():
            self._told(message)
        if not self.board_is_ready:  # the browser still draws the last one
            return
        picture = self.training.picture()
        if picture is None:
            return
        rows = picture.pop("rows")
        self.board_is_ready = False
        self.board.run_method("picture", picture)
        self.charts.run_method("add", rows)
        if picture.get("before_compiling"):  # the status says already what goes on since
            return
        speed = f", {picture['rate']:,.0f} rounds a second" if picture["playing"] else ""
        after = {"d_step": " and a step of D alone", "g_step": " and a step of G alone"}
        done = after.get(picture["by_hand"], "")
        self.status.set_text(f"Round {picture['round']:,}{done}{speed}")

    def _told(self, message: dict[str, Any]) -> None:
        kind = message["is"]
        if kind == "opening":
            self.board.run_method("opening", message)
            self.charts.run_method("begin", _charts(message))
        elif kind == "compiling":
            self.status.set_text(COMPILING[message["what"]])
        elif kind == "failed":
            self.is_playing = False
            self._show_play()
            self.status.set_text(message["words"])
            ui.notify(message["words"], type="warning", multi_line=True)
        elif kind == "program":
            _show_program(message["text"])
        elif kind == "gif":
            ui.download.content(base64.b64decode(message["data"]), "game.gif", "image/gif")
        elif kind == "ended":
            self.status.set_text("The training process has ended. Reload the page.")


def _in_words_of_the_page(error: ValueError) -> str:
    """What was refused, with the name that the setting has on the page.

    Example:
        >>> _in_words_of_the_page(ValueError("Settings: g_hidden[0] must be a size."))
        "G's hidden layers, layer 1, must be a size."
    """
    words = str(error).removeprefix("Settings: ")
    found = re.match(r"(\w+)(?:\[(\d+)\])?(?= must)", words)
    if found is None:
        return words
    labels = {**LABELS, **{name: slider[0] for name, slider in SLIDERS.items()}}
    label = labels.get(found[1], found[1])
    if found[2] is not None:
        label += f", layer {int(found[2]) + 1},"
    return label + words[found.end() :]


def _show_program(text: str) -> None:
    with ui.dialog() as dialog, ui.card().style("max-width: 60rem; width: 100%"):
        ui.label("This program makes the same run, with the same samples, bit for bit.")
        ui.code(text, language="python").classes("program").style(
            "width: 100%; max-height: 65vh; overflow: auto"
        )
        with ui.element("div").classes("play-buttons"):
            save = ui.button("Save game.py").props("no-caps")
            save.on_click(lambda: ui.download.content(text, "game.py", "text/x-python"))
            ui.button("Close", on_click=dialog.close).props("outline no-caps")
    dialog.on("hide", dialog.delete)
    dialog.open()


def _charts(opening: dict[str, Any]) -> list[dict[str, Any]]:
    """Which curves this game has."""
    real, fake, meaning = opening["answers"]
    in_odds = opening["is_probability"]
    charts: list[dict[str, Any]] = [
        {
            "title": "Losses",
            "unit": "loss",
            "series": [
                {"key": "d_loss", "name": "D", "colour": "d"},
                {"key": "g_loss", "name": "G", "colour": "green"},
            ],
        },
        {
            "title": meaning,
            "unit": "mean D",
            "series": [
                {"key": real, "name": "D(x)", "colour": "real"},
                {"key": fake, "name": "D(G(z))", "colour": "fake"},
            ],
            **({"low": 0, "high": 1, "mark": 0.5} if in_odds else {}),
        },
    ]
    if opening["modes"] > 1:
        modes = opening["modes"]
        charts.append(
            {
                "title": "Coverage",
                "unit": "share",
                "low": 0,
                "high": 1,
                "series": [
                    {"key": "m_modes", "name": "modes", "colour": "purple", "of": modes},
                    {"key": "m_quality", "name": "good samples", "colour": "green"},
                ],
            }
        )
    if opening["dim"] == 1:
        charts.append(
            {
                "title": "Generated samples",
                "unit": "x",
                "mark": opening["mean"],
                "series": [
                    {"key": "mean", "name": "mean", "colour": "fake"},
                    {"key": "sd", "name": "sd", "colour": "purple"},
                ],
            }
        )
    charts += [
        {
            "title": "Distance (1: two real sets)",
            "unit": "distance",
            "log": True,
            "mark": 1,
            "series": [{"key": "m_distance", "name": "", "colour": "orange"}],
        },
        {
            "title": "Push on a sample",
            "unit": "mean arrow",
            "log": True,
            "series": [{"key": "push", "name": "", "colour": "d"}],
        },
    ]
    return charts


def _to_slider(name: str, value: float) -> float:
    _, low, high, _, is_power = SLIDERS[name]
    place = value
    if is_power:
        place = math.log10(value) if value > 0.0 else low
    return min(high, max(low, place))


def _from_slider(name: str, place: float) -> float:
    _, low, high, _, is_power = SLIDERS[name]
    place = min(high, max(low, float(place)))
    value = 10.0**place if is_power else place
    return float(f"{value:.3g}")


class Tabs:
    """All tabs that are open, at most MOST_TABS of them with a game. The others wait for one to
    be closed; a tab that is reloaded counts for some seconds more.

    Args:
        file: the path of the CSV file with points, or "".
    """

    def __init__(self, file: str = "") -> None:
        self.file = file
        self.open: set[Tab] = set()
        self.waiting: dict[Tab, Client] = {}  # in the order in which they came
        # The first tab finds TensorFlow started: it starts while the browser does.
        self.first: Training | None = Training(file)
        app.on_shutdown(self.close_all)

    def build(self) -> None:
        """Make the page for a new tab."""
        client = ui.context.client
        tab = Tab(self.file, dict(client.request.query_params))
        tab.build()
        client.on_connect(lambda: self._connected(tab, client))
        client.on_delete(lambda: self._gone(tab))

    def close_all(self) -> None:
        """End all games."""
        self.waiting.clear()
        for tab in list(self.open):
            self._gone(tab)
        if self.first is not None:
            self.first.close()

    def _connected(self, tab: Tab, client: Client) -> None:
        if tab.training is None and len(self.open) >= MOST_TABS:
            words = f"{MOST_TABS} games are open: this one starts when another is closed."
            tab.status.set_text(words)
            self.waiting[tab] = client
            return
        self.open.add(tab)
        if tab.training is None:
            training = self.first or Training(self.file)
            self.first = None
            tab.start(training)

    def _gone(self, tab: Tab) -> None:
        self.open.discard(tab)
        self.waiting.pop(tab, None)
        tab.close()
        if self.waiting and len(self.open) < MOST_TABS:
            next_tab = next(iter(self.waiting))
            client = self.waiting.pop(next_tab)
            with client:
                self._connected(next_tab, client)
