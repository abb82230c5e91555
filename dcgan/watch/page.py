"""The page: a card for each run, curves of all of them, and the judge's tables.

Each tab has its own `Page`, which checks for changes every two seconds. It reads files in other
threads and computes in the worker, so that the page stays responsive. A browser requests sheets by
numbers: that of a run on the command line, and that of an epoch.
"""

from __future__ import annotations

import asyncio
import base64
import html
import io
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from nicegui import app, background_tasks, run, ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from starlette.responses import Response

from dcgan.figures import sheets
from dcgan.watch import charts, series
from dcgan.watch.results import Drawn, Neighbours
from dcgan.watch.run_data import RunData, RunReader
from dcgan.watch.worker import Worker, WorkerError
from gan_core.app import local_page

TITLE = "Trainings"
SECONDS_BETWEEN_LOOKS = 2.0
SECONDS_A_SHEET = 0.4
FACES = 16
FACES_IN_A_ROW = 8
EPOCHS_IN_TABLE = 8
MEMORY = 20.0  # rows of the log, where curves are smoothed
CURVES_OF = ("config", "log", "epochs", "floor")  # fields of RunData
TABLES_OF = ("epochs", "floor")

STYLE = """
:root { --line: #c9c9d2; --muted: #55555f; --accent: #0b5cad; }
.body--dark { --line: #45454f; --muted: #a9a9b5; --accent: #7db7f2; }
.nicegui-content { max-width: 92rem; margin: 0 auto; padding: 0.5rem 1rem 3rem; display: block; }
h1 { font-size: 1.5rem; line-height: 1.3; margin: 0.5rem 0; font-weight: 600; }
h2 { font-size: 1.05rem; line-height: 1.4; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
h2.section { margin-top: 1.5rem; }
h3 { font-size: 0.95rem; line-height: 1.4; margin: 1rem 0 0.3rem; font-weight: 600; }
.runs { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.runs.single { grid-template-columns: minmax(0, 1fr); }
.run { border: 1px solid var(--line); border-radius: 6px; padding: 0.8rem 1rem 1rem;
  border-top: 4px solid var(--colour); min-width: 0; }
.single .parts { display: grid; gap: 0 2rem;
  grid-template-columns: minmax(0, 34rem) minmax(0, 1fr); }
@media (max-width: 60rem) { .single .parts { grid-template-columns: minmax(0, 1fr); } }
.muted { color: var(--muted); font-size: 0.875rem; overflow-wrap: anywhere; }
.problem { color: #b3261e; font-size: 0.875rem; }
.body--dark .problem { color: #f2b8b5; }
.picture img { display: block; width: 100%; height: auto; image-rendering: pixelated;
  border-radius: 4px; }
.picture figcaption { color: var(--muted); font-size: 0.875rem; min-height: 1.4em; }
.picture { margin: 0.3rem 0; }
.player { display: flex; gap: 0.8rem; align-items: center; }
.player .q-slider { flex: 1; }
.line { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; }
.curves { display: grid; gap: 1rem 1.5rem; width: 100%;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.curve { min-width: 0; }
.curve .nicegui-echart { height: 15rem; width: 100%; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.6rem; text-align: right; border-bottom: 1px solid var(--line);
  white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
tr.real td { color: var(--muted); }
tr.best td { font-weight: 600; }
"""


class Watched:
    """A run, and what was read of it last; all tabs share it.

    Args:
        reader: the reader of its folder.
        name: short, for curves.
        number: on the command line, from 0 up.
    """

    def __init__(self, reader: RunReader, name: str, number: int) -> None:
        self.reader = reader
        self.name = name
        self.number = number
        self._turn = threading.Lock()
        self._read = -SECONDS_BETWEEN_LOOKS
        self._data: RunData | None = None

    def data(self) -> RunData:
        """What is there now, or was a moment ago."""
        with self._turn:
            if self._data is None or time.monotonic() - self._read > SECONDS_BETWEEN_LOOKS / 2:
                self._data = self.reader.read()
                self._read = time.monotonic()
            return self._data


def serve(readers: list[RunReader], address: local_page.Address, *, browser: bool) -> None:
    """Serve the page until Ctrl-C.

    Args:
        readers: the readers of the runs.
        address: where.
        browser: whether to open one.
    """
    names = short_names([in_unicode(reader.path.as_posix()) for reader in readers])
    runs = [
        Watched(reader, name, i)
        for i, (reader, name) in enumerate(zip(readers, names, strict=True))
    ]
    worker = Worker()
    app.get("/sheets/{number}/{epoch}/{version}.png")(sheet_of(runs))
    app.on_shutdown(worker.close)
    title = f"{TITLE}: {', '.join(names)}"
    try:
        local_page.serve(
            lambda: Page(runs, worker).build(),
            address,
            title=title,
            opens="these trainings",
            browser=browser,
        )
    finally:
        worker.close()


def short_names(paths: list[str]) -> list[str]:
    """The last parts of paths, as many as tell them apart.

    Example:
        >>> short_names(["runs/a", "other/a", "b"])
        ['runs/a', 'other/a', 'b']
    """
    parts = [_parts_of(path) for path in paths]
    longest = max(map(len, parts))
    for count in range(1, longest + 1):
        names = ["/".join(one[-count:]) for one in parts]
        if len(set(names)) == len(names):
            return names
    return paths


def _parts_of(path: str) -> list[str]:
    """The names in a path; a path without any, such as /, is a part itself."""
    names = [name for name in path.split("/") if name]
    return names or [path]


def in_unicode(text: str) -> str:
    r"""The text with escapes for bytes of a path that are not UTF-8; a browser takes only UTF-8.

    Example:
        >>> in_unicode("runs/m\udcfcller")
        'runs/m\\udcfcller'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def sheet_of(runs: list[Watched]) -> Callable[[int, int, int], Response]:
    """What answers /sheets/RUN/EPOCH/VERSION.png, all three of them whole numbers."""

    def answer(number: int, epoch: int, version: int) -> Response:
        content = None
        if 0 <= number < len(runs):
            content = runs[number].reader.sheet(epoch)
        if content is None:
            return Response("no such sheet\n", status_code=404, media_type="text/plain")
        # Another sheet of this epoch has another version, so that this one may be kept.
        headers = {"Cache-Control": "private, max-age=86400"}
        return Response(content, media_type="image/png", headers=headers)

    return answer


class Page:
    """What one tab shows.

    Args:
        runs: in the order of the command line.
        worker: draws faces.
    """

    def __init__(self, runs: list[Watched], worker: Worker) -> None:
        self.runs = runs
        self.worker = worker
        self.view = charts.View(memory=MEMORY if len(runs) > 1 else 0.0)
        self.shown: dict[str, RunData] = {}
        """what the curves and tables on the page were made of"""
        self.drawn: dict[str, tuple[Element, ui.echart]] = {}
        """title -> the section of the page, and the chart in it"""

    def build(self) -> None:
        """Make the elements, and look at the runs from now on."""
        ui.add_css(STYLE)
        names = ", ".join(one.name for one in self.runs)
        heading("h1", f"{TITLE}: {names}")
        single = " single" if len(self.runs) == 1 else ""
        if not single:
            ui.button("Play all", icon="play_arrow", on_click=self._play_all).props("flat no-caps")
        with ui.element("div").classes(f"runs{single}"):
            self.cards = [Card(one, self.worker) for one in self.runs]
        heading("h2", "Curves").classes("section")
        with ui.element("div").classes("line"):
            self.smooth = ui.switch("Smooth", value=self.view.memory > 0.0, on_change=self._look)
            self.images = ui.switch("Count images", on_change=self._look)
            text = "Full lines: D, or real. Dashed: G, or generated. Dotted: real faces."
            ui.label(text).classes("muted")
        self.main = ui.element("div").classes("curves")
        heading("h2", "The judge, after each epoch").classes("section")
        self.tables = ui.element("div")
        with ui.expansion("More curves").classes("more"):
            self.more = ui.element("div").classes("curves")
        ui.timer(SECONDS_BETWEEN_LOOKS, self.refresh)

    async def _look(self) -> None:
        """Draw the curves as the switches say."""
        memory = MEMORY if self.smooth.value else 0.0
        self.view = charts.View(self.images.value, memory)
        self.shown = {}
        await self.refresh()

    def _play_all(self) -> None:
        for card in self.cards:
            card.play_from_the_start()

    async def refresh(self) -> None:
        """Read what is new, and show it."""
        found = await asyncio.gather(*(run.io_bound(one.data) for one in self.runs))
        data = {one.name: read for one, read in zip(self.runs, found, strict=True)}
        if any(read is None for read in found):  # the program is ending
            return
        for card, read in zip(self.cards, found, strict=True):
            card.show(read)
        before = self.shown
        self.shown = data
        if any(is_news(read, before.get(name), CURVES_OF) for name, read in data.items()):
            self._show_curves(data)
        if any(is_news(read, before.get(name), TABLES_OF) for name, read in data.items()):
            self._show_tables(data)

    def _show_curves(self, data: dict[str, RunData]) -> None:
        found = charts.charts(data, self.view)
        titles = {chart.title for chart in found}
        for title, (section, _) in self.drawn.items():
            section.set_visibility(title in titles)
        for chart in found:
            options = charts.options(chart, self.view)
            if chart.title in self.drawn:
                drawn = self.drawn[chart.title][1]
                drawn.options.clear()
                drawn.options.update(options)
                drawn.update()
                continue
            place = self.main if chart.main else self.more
            with place, ui.element("section").classes("curve") as section:
                heading("h3", chart.title)
                self.drawn[chart.title] = (section, ui.echart(options))

    def _show_tables(self, data: dict[str, RunData]) -> None:
        self.tables.clear()
        with self.tables:
            ui.label(series.reading(data)).classes("muted")
            if len(data) > 1:
                heading("h3", "The best epoch of each run")
                ui.html(table_html(series.best_table(data)), sanitize=False).classes("scroll")
            for name, read in data.items():
                if len(data) > 1:
                    heading("h3", name)
                table = series.table(read, EPOCHS_IN_TABLE)
                ui.html(table_html(table), sanitize=False).classes("scroll")


class Card:
    """One run: how far it is, its sheets, its faces now.

    Args:
        watched: the run.
        worker: draws faces.
    """

    def __init__(self, watched: Watched, worker: Worker) -> None:
        self.watched = watched
        self.worker = worker
        self.epochs: list[int] = []
        self.has_ended = False
        self.versions: dict[int, int] | None = None
        self.seed = 0
        self.checkpoint: int | None = None
        """the round of the newest one"""
        self.asked_at: int | None = None
        """the newest checkpoint when faces were drawn last"""
        self.computing = False
        colour = charts.COLOURS[watched.number]
        with ui.element("section").classes("run").style(f"--colour: {colour}"):
            heading("h2", watched.name)
            self.status = ui.label("").props("role=status").classes("status")
            self.progress = ui.linear_progress(show_value=False, size="6px")
            self.progress.props["aria-label"] = f"progress of {watched.name}"
            self.recipe = ui.label("").classes("muted")
            self.problems = ui.label("").classes("problem")
            with ui.element("div").classes("parts"):
                with ui.element("div") as self.sheets_part:
                    self._build_sheets()
                with ui.element("div") as self.faces_part:
                    self._build_faces()

    def _build_sheets(self) -> None:
        heading("h3", "Fixed noise, epoch by epoch")
        self.sheet = Figure("There is none before the end of the first epoch.")
        with ui.element("div").classes("player"):
            self.play = ui.button(icon="play_arrow", on_click=self._toggle).props(
                'flat round aria-label="play"'
            )
            self.slider = ui.slider(min=0, max=0, value=0, on_change=self._show_sheet)
            self.slider.props('aria-label="epoch"')
        self.timer = ui.timer(SECONDS_A_SHEET, self._next, active=False)

    def _build_faces(self) -> None:
        heading("h3", "Faces of the newest checkpoint")
        with ui.element("div").classes("line"):
            self.draw_button = ui.button("Draw faces", on_click=self._draw)
            self.nearest_button = ui.button("Nearest real faces", on_click=self._nearest)
            self.keep_up = ui.switch("Draw at every new checkpoint")
        self.buttons = (self.draw_button, self.nearest_button)
        for button in self.buttons:
            button.props("outline no-caps")
        words = "They are computed beside the training, with one thread and at low priority."
        self.notice = ui.label(words).props("role=status").classes("muted")
        self.faces = Figure("")

    def show(self, data: RunData) -> None:
        """What was read of the run."""
        found = series.status(data, time.time())
        self.status.set_text(f"{found.words}.")
        self.progress.set_visibility(found.share is not None)
        self.progress.set_value(found.share or 0.0)
        self.recipe.set_text(in_unicode(series.recipe(data)))
        self.problems.set_text(" ".join(data.problems))
        self.checkpoint = data.checkpoint
        makes_faces = "network" in data.config
        self.sheets_part.set_visibility(makes_faces or bool(data.sheets))
        self.faces_part.set_visibility(makes_faces and data.checkpoint is not None)
        is_new = self.checkpoint != self.asked_at
        if self.keep_up.value and is_new and not self.computing:
            background_tasks.create(self._draw_again())
        self._take_sheets(data, found.word == "ended")

    def _take_sheets(self, data: RunData, has_ended: bool) -> None:
        """The slider has a place for each sheet, and stays at the newest if it was there."""
        if data.sheets == self.versions and has_ended == self.has_ended:
            return
        self.has_ended = has_ended
        was_last = self.slider.value in (None, len(self.epochs) - 1) or not self.epochs
        self.versions = dict(data.sheets)
        self.epochs = list(data.sheets)
        last = max(len(self.epochs) - 1, 0)
        self.slider.props(f"max={last}")
        self.slider.set_enabled(len(self.epochs) > 1)
        self.play.set_enabled(len(self.epochs) > 1)
        if was_last or self.slider.value > last:
            self.slider.set_value(last)
        self._show_sheet()

    def _show_sheet(self) -> None:
        if not self.epochs:
            return
        place = min(int(self.slider.value or 0), len(self.epochs) - 1)
        epoch = self.epochs[place]
        address = f"sheets/{self.watched.number}/{epoch}/{self.versions[epoch]}.png"
        so_far = "" if self.has_ended else " so far"
        words = f"Epoch {epoch} of {self.epochs[-1]}{so_far}"
        self.sheet.show(address, words, f"generated faces, epoch {epoch}")

    def play_from_the_start(self) -> None:
        """Show sheet after sheet."""
        if len(self.epochs) > 1:
            self.slider.set_value(0)
            self._set_playing(True)

    def _toggle(self) -> None:
        if self.timer.active:
            self._set_playing(False)
        elif self.slider.value >= len(self.epochs) - 1:
            self.play_from_the_start()
        else:
            self._set_playing(True)

    def _set_playing(self, playing: bool) -> None:
        self.timer.active = playing
        icon, label = ("pause", "pause") if playing else ("play_arrow", "play")
        self.play.props(f"icon={icon}")
        self.play.props(f'aria-label="{label}"')

    def _next(self) -> None:
        if self.slider.value >= len(self.epochs) - 1:
            self._set_playing(False)
            return
        self.slider.set_value(self.slider.value + 1)

    async def _draw(self) -> None:
        self.seed += 1
        await self._computed("draw", self._show_drawn)

    async def _nearest(self) -> None:
        await self._computed("find_neighbours", self._show_neighbours)

    async def _draw_again(self) -> None:
        """The same z: what has become of their faces?"""
        await self._computed("draw", self._show_drawn)

    async def _computed(self, name: str, show: Callable[[Any], None]) -> None:
        """Show what the worker makes, or why it makes nothing."""
        self.seed = max(self.seed, 1)
        self.computing = True
        self.asked_at = self.checkpoint
        for button in self.buttons:
            button.disable()
        self.notice.set_text("Computing …")
        folder = str(self.watched.reader.path)
        try:
            future = self.worker.submit(name, folder, FACES, self.seed)
            show(await asyncio.wrap_future(future))
            self.notice.set_text("")
        except WorkerError as error:
            self.notice.set_text(in_unicode(str(error)))
        for button in self.buttons:
            button.enable()
        self.computing = False

    def _show_drawn(self, drawn: Drawn) -> None:
        picture = data_address(sheets.sheet(drawn.faces, FACES_IN_A_ROW))
        words = f"Round {drawn.step:,}, seed {self.seed}. Draw again for other faces."
        self.faces.show(picture, words, "faces drawn now")

    def _show_neighbours(self, found: Neighbours) -> None:
        pairs = np.stack([found.faces, found.nearest], axis=1)
        rows = pairs.reshape(-1, FACES_IN_A_ROW, *pairs.shape[1:]).swapaxes(1, 2)
        picture = data_address(sheets.sheet(rows.reshape(-1, *found.faces.shape[1:])))
        median = np.median(found.distances)
        words = (
            f"Round {found.step:,}, seed {self.seed}: each generated face, and below it the "
            f"nearest of the faces that the run learns from. Their median distance is {median:.0f} "
            f"grey levels of 255; for real faces that are held aside it is "
            f"{found.of_held_aside:.0f}. Copies would be much nearer."
        )
        self.faces.show(picture, words, "generated faces, and below them the nearest real ones")


def is_news(data: RunData, shown: RunData | None, names: tuple[str, ...]) -> bool:
    """Whether files of a run have been read again since its numbers were last shown.

    Args:
        data: what was read now.
        shown: what was read when it was shown last; None: never.
        names: fields of RunData that count.
    """
    if shown is None:
        return True
    return any(getattr(data, name) is not getattr(shown, name) for name in names)


def heading(tag: str, words: str) -> TextElement:
    """An element h1, h2 or h3."""
    return TextElement(tag=tag, text=words)


class Figure:
    """A picture with its caption. The old picture stays until the new one has been loaded.

    Args:
        caption: while there is no picture.
    """

    def __init__(self, caption: str) -> None:
        with ui.element("figure").classes("picture"):
            self.image = ui.element("img")
            self.image.set_visibility(False)
            self.caption = TextElement(tag="figcaption", text=caption)

    def show(self, address: str, caption: str, alt: str) -> None:
        """Another picture.

        Args:
            address: the address of the picture.
            caption: below it.
            alt: what it shows, for those who do not see it.
        """
        self.image.props["src"] = address
        self.image.props["alt"] = alt
        self.image.update()
        self.image.set_visibility(True)
        self.caption.set_text(caption)


def table_html(table: series.Table) -> str:
    """A table of epochs, or of runs."""
    heads, rows = table
    if len(heads) < 2:
        return '<p class="muted">There is nothing before the first epoch.</p>'
    lines = ["<table><thead><tr>"]
    lines += [f'<th scope="col">{html.escape(head)}</th>' for head in heads]
    lines.append("</tr></thead><tbody>")
    for row in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in row)
        lines.append(f'<tr class="{_kind_of_row(row[0])}">{cells}</tr>')
    lines.append("</tbody></table>")
    return "".join(lines)


def _kind_of_row(first_cell: str) -> str:
    """By which the page sets off the row of real faces and that of the best epoch."""
    if first_cell == "real faces":
        return "real"
    return "best" if "best" in first_cell else ""


def data_address(image: np.ndarray) -> str:
    """A picture, uint8 [H, W, C], as an address that holds all of it."""
    file = io.BytesIO()
    sheets.picture(image).save(file, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
