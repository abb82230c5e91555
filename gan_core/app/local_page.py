"""A page in the user's own browser, served by this program and reachable only from this machine.

    from gan_core.app import local_page

    local_page.serve(build, local_page.Address(port=8601), title="The game", opens="a training")

`build` is a function without arguments that makes the page with NiceGUI (https://nicegui.io). It is
called for every tab that opens the page. NiceGUI belongs to the extra `explore`; it is imported
only here, and only when a page is served.

Requests that could do harm are refused before NiceGUI sees them:

- The server listens on 127.0.0.1, so that other machines cannot reach it. With another host a
  warning says who can.
- A request whose Host header does not name this machine is refused. Without that check a page on
  the web could let its own name point to our address, and so read this page (DNS rebinding).
- A request that was sent by a page of another origin is refused, because browsers send such
  requests, among them WebSockets, without asking the user.
- Large requests are refused, and the page may load nothing from another machine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import importlib.metadata
import ipaddress
import os
import re
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from gan_core.app import command_line

LOOPBACK = "127.0.0.1"
EXTRA = "pip install -e '.[explore]'"
OLDEST = 3  # the oldest major version of NiceGUI
MOST_BYTES = 1_000_000  # of one request, and of one message from the browser
KEPT_MESSAGES = 50  # sent again to a tab whose connection was lost for a moment
PATIENCE = 20.0  # seconds to wait for the server before its address is printed
# In place of NiceGUI's message that it tries to reconnect: a program that has ended never answers.
ENDED = """document.querySelector("#popup").innerHTML =
  "<span>The program does not answer: it has probably ended.</span>" +
  "<span>Start it again, then reload this page.</span>";"""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclasses.dataclass(frozen=True)
class Address:
    """Where a page is served.

    Args:
        host: a name or an address of this machine. The default can be reached only from this
            machine.
        port: 1 to 65535; 0: any free port.
        owner: the name of the command or class, for messages.

    Raises:
        ValueError: if host or port is not of this kind.

    Example:
        >>> Address(port=8601).url
        'http://127.0.0.1:8601'
    """

    host: str = LOOPBACK
    port: int = 0
    owner: str = "Address"

    def __post_init__(self) -> None:
        if not isinstance(self.host, str) or not re.fullmatch(r"[\w.:-]{1,255}", self.host):
            came = f"{self.host!r:.60}"
            raise ValueError(
                f"{self.owner}: host must be a name or an address of this machine, such as "
                f"{LOOPBACK}, got {came}."
            )
        whole = isinstance(self.port, int) and not isinstance(self.port, bool)
        if not whole or not 0 <= self.port <= 65535:
            raise ValueError(
                f"{self.owner}: port must be a whole number from 0 to 65535, got {self.port!r:.60}."
            )

    @property
    def url(self) -> str:
        """The address for a browser on this machine."""
        host = LOOPBACK if self.host == "0.0.0.0" else self.host
        if host == "::":
            host = "::1"
        if ":" in host:  # an address of IP version 6
            host = f"[{host}]"
        return f"http://{host}:{self.port}"


def is_loopback(host: str) -> bool:
    """Whether a host can be reached only from this machine.

    Args:
        host: a name or an address, without a port.

    Example:
        >>> is_loopback("localhost"), is_loopback("127.0.0.5"), is_loopback("0.0.0.0")
        (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    address = _ip(host)
    return address is not None and address.is_loopback


def warning(address: Address, opens: str) -> str:
    """The warning to print before a page is served to other machines; '' if it is not.

    Args:
        address: where the page is served.
        opens: what visitors can see and use, such as "this training".

    Example:
        >>> warning(Address("0.0.0.0", 8601), "this training").split(" to ")[0]
        'warning: --host 0.0.0.0 opens this training'
    """
    if is_loopback(address.host):
        return ""
    return (
        f"warning: --host {address.host} opens {opens} to everyone who reaches port {address.port} "
        "of this machine, without a password."
    )


def require_nicegui(owner: str) -> None:
    """Refuse in one line if NiceGUI is missing or too old. It is not imported.

    Args:
        owner: the command that needs it, for the message.

    Raises:
        ValueError: with the command that installs it.
    """
    try:
        version = importlib.metadata.version("nicegui")
    except importlib.metadata.PackageNotFoundError:
        raise ValueError(f"{owner} needs NiceGUI, which is not installed: {EXTRA}") from None
    if int(version.split(".")[0]) < OLDEST:
        raise ValueError(f"{owner} needs NiceGUI {OLDEST}, and {version} is installed: {EXTRA}")


def with_free_port(address: Address) -> Address:
    """Check that the address can be served, and choose a free port if its port is 0.

    Args:
        address: where to serve.

    Returns:
        An address whose port is not 0.

    Raises:
        ValueError: if another program uses the port, the user may not use it, or the host does not
            belong to this machine.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            if os.name == "posix":  # on Windows this option would let two programs share a port
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
            trial.listen()
            return dataclasses.replace(address, port=trial.getsockname()[1])
    except OSError as error:
        raise ValueError(_why_not(address, error)) from None


def _why_not(address: Address, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"{address.owner}: port must be free, got {address.port}, which another program uses. "
            "Choose another one, or 0 for any free port."
        )
    if error.errno == errno.EACCES:
        return (
            f"{address.owner}: port must be one that you may use, got {address.port}. "
            "Choose one above 1023, or 0 for any free port."
        )
    return (
        f"{address.owner}: host must be a name or an address of this machine, got {address.host} "
        f"({error.strerror})."
    )


def serve(
    build: Callable[[], object],
    address: Address,
    *,
    title: str,
    opens: str,
    browser: bool = True,
) -> None:
    """Serve a page until Ctrl-C, and show it in a browser if there is one.

    The address is always printed. Nothing is stored, nothing is reloaded when files change, and
    nothing is sent to anyone but the visitors.

    Args:
        build: makes the page with NiceGUI, for one tab.
        address: where to serve; port 0 stands for any free port.
        title: the title of the page, also printed before its address.
        opens: what visitors can see and use, for the warning if other machines can reach the page.
        browser: whether to open a browser.

    Raises:
        ValueError: if NiceGUI is missing, or the address cannot be served.
        KeyboardInterrupt: after Ctrl-C. The function never returns in another way.
    """
    require_nicegui(address.owner)
    address = with_free_port(address)
    spoken = warning(address, opens)
    if spoken:
        command_line.say(spoken, style="bold")

    from nicegui import app, ui

    @ui.page("/", title=title, dark=None)
    def page() -> None:
        build()
        client = ui.context.client
        client.on_connect(lambda: client.run_javascript(ENDED))

    app.add_middleware(Guard, host=address.host)
    telling = threading.Thread(target=_tell_when_up, args=[address, title, browser], daemon=True)
    telling.start()
    ui.run(
        host=address.host,
        port=address.port,
        title=title,
        show=False,
        reload=False,
        tailwind=False,
        show_welcome_message=False,
        storage_secret=None,
        message_history_length=KEPT_MESSAGES,
        ws_max_size=MOST_BYTES,
        timeout_graceful_shutdown=1,
    )
    # The server answers to every Ctrl-C and then repeats it for this process, which ignores it if a
    # shell has started it in the background.
    raise KeyboardInterrupt


def _tell_when_up(address: Address, title: str, browser: bool) -> None:
    """Print the address once the server answers, and open a browser."""
    host = Address(address.host, address.port).url.removeprefix("http://").rpartition(":")[0]
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            socket.create_connection((host.strip("[]"), address.port), timeout=1.0).close()
        except OSError:
            time.sleep(0.05)
            continue
        command_line.say(f"{title}: {address.url}  (Ctrl-C ends it)")
        if browser:
            open_browser(address.url)
        return


def open_browser(url: str) -> bool:
    """Open an address in a graphical browser; a text browser would take over the terminal.

    Args:
        url: the address.

    Returns:
        Whether a browser was found.
    """
    needs_display = sys.platform not in ("darwin", "win32")
    if needs_display and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    with contextlib.suppress(webbrowser.Error, OSError):
        return webbrowser.open(url)
    return False


class Guard:
    """An ASGI application around another one that lets only requests of our own pages through.

    Args:
        app: the application to protect.
        host: the name or address that is served.

    Example:
        >>> async def page(scope, receive, send): ...
        >>> Guard(page).refusal([(b"host", b"127.0.0.1:8601")])
        (0, '')
        >>> Guard(page).refusal([(b"host", b"evil.example")])
        (421, 'this page answers to its own address alone')
    """

    def __init__(self, app: Application, host: str = LOOPBACK) -> None:
        self.app = app
        self.host = host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        status, words = self.refusal(scope["headers"])
        if status:
            await _refuse(scope, send, status, words)
            return
        host = _texts(scope["headers"], b"host")[0]

        async def send_with_rules(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_rules(host)]
            await send(message)

        await self.app(scope, receive, send_with_rules)

    def refusal(self, headers: Iterable[tuple[bytes, bytes]]) -> tuple[int, str]:
        """Decide whether a request is refused, and why.

        Args:
            headers: pairs of a name in small letters and a value.

        Returns:
            The HTTP status and the reason; 0 and '' for a request that may pass.
        """
        headers = list(headers)
        hosts = _texts(headers, b"host")
        if len(hosts) != 1 or not self._is_ours(hosts[0]):
            return 421, "this page answers to its own address alone"
        origins = _texts(headers, b"origin")
        if any(origin not in (f"http://{hosts[0]}", f"https://{hosts[0]}") for origin in origins):
            return 403, "a page of another origin asked"
        if _texts(headers, b"transfer-encoding"):
            return 411, "the length must be told"
        lengths = _texts(headers, b"content-length")
        if any(not length.isdecimal() or int(length) > MOST_BYTES for length in lengths):
            return 413, "that is too much"
        return 0, ""

    def _is_ours(self, host_and_port: str) -> bool:
        """Whether a Host header names this machine.

        Only the served name and this machine's own names are allowed. A numeric address cannot be
        redirected, so if the page is open to other machines, every numeric address is allowed.
        """
        found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(:\d{1,5})?", host_and_port.lower())
        if found is None:
            return False
        name = found[1].strip("[]")
        if is_loopback(name) or name == self.host.lower():
            return True
        if is_loopback(self.host):
            return False
        return _ip(name) is not None or name == socket.gethostname().lower()


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _texts(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key.lower() == name]


def _rules(host: str) -> list[tuple[bytes, bytes]]:
    """The headers of every response: where the page may load from, and who may embed it.

    NiceGUI compiles its templates in the browser, which needs 'unsafe-eval'.
    """
    sources = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
        "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        f"connect-src 'self' data: blob: ws://{host} wss://{host}; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", sources.encode("latin-1")),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]


async def _refuse(scope: Scope, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": words})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": f"refused: {words}.\n".encode()})
