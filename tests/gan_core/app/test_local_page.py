"""A page that this machine alone reaches: addresses, ports, and which requests are refused."""

import asyncio
import dataclasses
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from gan_core.app import command_line, local_page
from gan_core.app.local_page import Address, Guard

SERVER = """
from nicegui import ui
from gan_core.app import command_line, local_page
def build():
    ui.label("hello")
with command_line.errors_in_one_line():
    local_page.serve(build, local_page.Address(port=0), title="A page", opens="it", browser=True)
"""


def headers(**given):
    named = {"host": "127.0.0.1:8601", **given}
    return [
        (name.replace("_", "-").encode(), value.encode())
        for name, value in named.items()
        if value is not None
    ]


def status(**given):
    return Guard(None).refusal(headers(**given))[0]


# ---- the Host header and other pages' requests ----


@pytest.mark.parametrize("host", ["127.0.0.1:8601", "localhost", "LOCALHOST:1", "[::1]:8601"])
def test_our_own_names_pass(host):
    assert status(host=host) == 0


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8601",
        "127.0.0.1.evil.example",
        "evil127.0.0.1",
        "localhost.evil.example",
        "192.168.1.5:8601",
        "127.0.0.1@evil.example",
        "127.0.0.1:8601:9",
        "[::1",
        "",
        None,
    ],
)
def test_another_host_is_refused(host):
    assert status(host=host) == 421


def test_two_host_headers_are_refused():
    twice = [*headers(), (b"Host", b"evil.example")]
    assert Guard(None).refusal(twice)[0] == 421


def test_with_a_host_of_ones_own_its_name_and_numbers_pass_and_other_names_do_not():
    guard = Guard(None, "studio.example")
    for host in ("studio.example:8601", "192.168.1.5:8601", "localhost:8601", socket.gethostname()):
        assert guard.refusal(headers(host=host))[0] == 0, host
    for host in ("evil.example", "evilstudio.example", "studio.example.evil"):
        assert guard.refusal(headers(host=host))[0] == 421, host


def test_a_page_of_another_origin_is_refused():
    for origin in ("http://evil.example", "http://localhost:3000", "null", "http://127.0.0.1:1"):
        assert status(origin=origin) == 403, origin
    assert status(origin="http://127.0.0.1:8601") == 0


def test_what_is_large_or_of_unknown_length_is_refused():
    assert status(content_length="100") == 0
    assert status(content_length=str(local_page.MOST_BYTES + 1)) == 413
    assert status(content_length="-1") == 413
    assert status(transfer_encoding="chunked") == 411


async def _never(*arguments):
    raise AssertionError("a refused request was let through")


def answers(guard, scope):
    sent = []

    async def send(message):
        sent.append(message)

    asyncio.run(guard(scope, None, send))
    return sent


def test_a_refused_request_never_reaches_the_page():
    bad = headers(host="evil.example")
    start, body = answers(Guard(_never), {"type": "http", "headers": bad})
    assert start["status"] == 421
    assert body["body"] == b"refused: this page answers to its own address alone.\n"
    (closed,) = answers(Guard(_never), {"type": "websocket", "headers": bad})
    assert closed["type"] == "websocket.close"


def test_every_answer_says_that_nothing_is_loaded_from_elsewhere():
    async def page(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    (start,) = answers(Guard(page), {"type": "http", "headers": headers()})
    policy = dict(start["headers"])[b"content-security-policy"].decode()
    assert "default-src 'self'" in policy
    assert "ws://127.0.0.1:8601" in policy
    assert "https:" not in policy.replace("http://", "")


# ---- addresses and ports ----


@pytest.mark.parametrize("host", ["", "a b", "http://x", "a/b", None, "x" * 300])
def test_a_host_that_is_none_is_refused(host):
    with pytest.raises(ValueError, match="Play: host must be"):
        Address(host, owner="Play")


@pytest.mark.parametrize("port", [-1, 65536, 8601.0, True, "8601"])
def test_a_port_that_is_none_is_refused(port):
    with pytest.raises(ValueError, match="Play: port must be a whole number from 0 to 65535"):
        Address(port=port, owner="Play")


def test_addresses_for_browsers():
    assert Address("0.0.0.0", 80).url == "http://127.0.0.1:80"
    assert Address("::", 80).url == "http://[::1]:80"
    assert Address("::1", 80).url == "http://[::1]:80"
    assert Address("studio", 80).url == "http://studio:80"


def test_a_port_in_use_is_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ValueError, match=f"Play: port must be free, got {port}, which another"):
            local_page.with_free_port(Address(port=port, owner="Play"))


def test_port_0_is_any_free_one():
    assert local_page.with_free_port(Address()).port > 0


def test_a_host_of_another_machine_is_one_line():
    with pytest.raises(ValueError, match="host must be a name or an address of this machine"):
        local_page.with_free_port(Address("192.0.2.1", 8601))


def test_the_warning_names_what_it_opens():
    assert local_page.warning(Address(port=1), "this training") == ""
    assert local_page.warning(Address("localhost", 1), "this training") == ""
    said = local_page.warning(Address("0.0.0.0", 8601), "this training")
    assert "--host 0.0.0.0 opens this training to everyone who reaches port 8601" in said


# ---- what is missing ----


def test_a_missing_extra_is_one_line_with_the_command_that_installs_it(monkeypatch):
    def version(name):
        raise local_page.importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(local_page.importlib.metadata, "version", version)
    with pytest.raises(ValueError, match=r"^Play needs NiceGUI.*: pip install -e '\.\[explore\]'$"):
        local_page.require_nicegui("Play")


def test_an_old_nicegui_is_one_line(monkeypatch):
    monkeypatch.setattr(local_page.importlib.metadata, "version", lambda name: "2.24.0")
    with pytest.raises(ValueError, match=r"needs NiceGUI 3, and 2\.24\.0 is installed"):
        local_page.require_nicegui("Play")


def test_without_a_display_no_browser_is_looked_for(monkeypatch):
    """One in the terminal, such as w3m, would take the terminal."""
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(local_page.sys, "platform", "linux")
    monkeypatch.setattr(local_page.webbrowser, "open", _never)
    assert local_page.open_browser("http://127.0.0.1:1") is False


# ---- a server ----


def first_line_of_a_socket(url, origin):
    """What the server answers to the WebSocket of a page of this origin."""
    host, _, port = url.removeprefix("http://").partition(":")
    asked = (
        "GET /_nicegui_ws/socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
        f"Host: {host}:{port}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(asked.encode())
        return connection.recv(200).decode("latin-1").splitlines()[0]


@pytest.mark.slow
@pytest.mark.parametrize("started", ["in the foreground", "in the background"])
def test_a_page_is_served_told_and_ended_by_ctrl_c(tmp_path, started):
    """One process: loopback alone, foreign hosts refused, nothing stored, Ctrl-C in one line.

    A shell starts the commands of a script that end with `&` with SIGINT ignored.
    """
    ignoring = [] if started == "in the foreground" else ["sh", "-c", 'trap "" INT; exec "$@"', "-"]
    pytest.importorskip("nicegui")
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("PYTEST_CURRENT_TEST", "DISPLAY", "WAYLAND_DISPLAY")
    }
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    server = subprocess.Popen(
        [*ignoring, sys.executable, "-c", SERVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=environment,
    )
    try:
        said = server.stdout.readline()
        assert said.startswith("A page: http://127.0.0.1:"), said + server.stderr.read()
        url = said.split()[2]
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert b"hello" in answer.read()
        foreign = urllib.request.Request(url, headers={"Host": "evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="421"):
            urllib.request.urlopen(foreign, timeout=10)
        assert first_line_of_a_socket(url, origin="http://evil.example").split()[1] == "403"
        assert first_line_of_a_socket(url, origin=url).split()[1] == "101"
        server.send_signal(signal.SIGINT)
        _, errors = server.communicate(timeout=20)
    finally:
        server.kill()
    assert server.returncode == 130
    assert errors == "stopped.\n"
    assert list(tmp_path.iterdir()) == []


def test_errors_name_the_flag(capsys):
    """`Play: port` is told as `--port`."""

    @dataclasses.dataclass
    class Play:
        port: int = 0

    with pytest.raises(SystemExit), command_line.errors_in_one_line(Play):
        Address(port=-1, owner="Play")
    assert capsys.readouterr().err.startswith("error: --port must be a whole number")
