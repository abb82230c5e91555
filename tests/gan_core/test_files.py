"""Output is there whole or not at all, however many processes write it, and whichever is killed.

The processes are real ones, several at once; every byte of what they leave is compared.
"""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from gan_core import files

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
SIZE = 300_000  # bytes: several writes, so that two writers would mix

# What a process does; it is told where, and who it is.
WRITE_ONE_FILE = """
for _ in range(20):
    files.write_atomically(place, lambda file: [file.write(me * 1000) for _ in range(SIZE // 1000)])
"""
WRITE_OVERLAPPING_FILES = """
for i in range(20):
    name = place.with_name(f"{place.name}{(i + int(me)) % 3}")
    files.write_atomically(name, lambda file: [file.write(me * 1000) for _ in range(SIZE // 1000)])
"""
MAKE_ONE_FOLDER = """
try:
    with files.folder_atomically(place) as new:
        for i in range(30):
            (new / str(i)).write_bytes(me * 1000)
    print("made", flush=True)
except ValueError as error:
    print(error, flush=True)
"""
REPLACE_ONE_FOLDER = """
done = 0
while done < 5:
    try:
        with files.folder_atomically(place, overwrite=True) as new:
            for i in range(10):
                (new / str(i)).write_bytes(me * 1000)
        done += 1
    except ValueError as error:
        assert "is being written by another process" in str(error), error
"""
BE_KILLED_IN_A_FILE = """
def write(file):
    file.write(me)
    file.flush()
    print("half", flush=True)
    time.sleep(600)
files.write_atomically(place, write)
"""
BE_KILLED_IN_A_FOLDER = """
with files.folder_atomically(place) as new:
    (new / "half").write_bytes(me)
    print("half", flush=True)
    time.sleep(600)
"""


def start(code, place, me):
    text = (
        "import sys, time\nfrom pathlib import Path\nfrom gan_core import files\n"
        f"SIZE = {SIZE}\nplace, me = Path(sys.argv[1]), sys.argv[2].encode()\n"
        'print("ready", flush=True)\nsys.stdin.readline()\n' + code
    )
    return subprocess.Popen(
        [sys.executable, "-c", text, str(place), str(me)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def at_once(code, place, count):
    """What each of `count` processes said, that began in the same moment; all must end well."""
    children = [start(code, place, i) for i in range(count)]
    for child in children:
        assert child.stdout.readline() == "ready\n", child.communicate()[1]
    for child in children:
        child.stdin.write("go\n")
        child.stdin.flush()
    told = [child.communicate() for child in children]
    assert [child.returncode for child in children] == [0] * count, told
    return [said for said, _ in told]


def kill_in_the_middle(code, place):
    child = start(code, place, 0)
    child.stdin.write("go\n")
    child.stdin.flush()
    assert [child.stdout.readline() for _ in range(2)] == ["ready\n", "half\n"]
    return child


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_written_by_one(file):
    content = file.read_bytes()
    assert len(content) == SIZE
    assert len(set(content)) == 1


# ---------------------------------------------------------------- several processes


@pytest.mark.parametrize("count", [2, 4])
def test_of_processes_that_write_one_file_the_last_wins_with_a_whole_one(tmp_path, count):
    at_once(WRITE_ONE_FILE, tmp_path / "a", count)
    assert names(tmp_path) == ["a"]
    assert_written_by_one(tmp_path / "a")


@pytest.mark.parametrize("count", [2, 4])
def test_processes_that_write_overlapping_files_leave_whole_ones(tmp_path, count):
    at_once(WRITE_OVERLAPPING_FILES, tmp_path / "a", count)
    assert names(tmp_path) == ["a0", "a1", "a2"]
    for file in tmp_path.iterdir():
        assert_written_by_one(file)


@pytest.mark.parametrize("count", [2, 4])
def test_of_processes_that_make_one_folder_one_does_and_the_others_are_refused(tmp_path, count):
    said = at_once(MAKE_ONE_FOLDER, tmp_path / "a", count)
    assert said.count("made\n") == 1
    for line in said:
        assert line == "made\n" or "is being written by another" in line or "exists already" in line
        assert line.count("\n") == 1
    assert names(tmp_path) == ["a"]
    winner = str(said.index("made\n")).encode()
    assert {file.read_bytes() for file in (tmp_path / "a").iterdir()} == {winner * 1000}
    assert len(names(tmp_path / "a")) == 30


@pytest.mark.parametrize("count", [2, 4])
def test_processes_that_replace_one_folder_take_turns(tmp_path, count):
    at_once(REPLACE_ONE_FOLDER, tmp_path / "a", count)
    assert names(tmp_path) == ["a"]
    assert len({file.read_bytes() for file in (tmp_path / "a").iterdir()}) == 1
    assert len(names(tmp_path / "a")) == 10


def test_a_thread_too_is_refused_what_another_has_claimed(tmp_path):
    told = []

    def claim():
        try:
            with files.claimed(tmp_path / "a"):
                pytest.fail("claimed twice")
        except ValueError as error:
            told.append(str(error))

    with files.claimed(tmp_path / "a"), files.claimed(tmp_path / "a"):  # its own thread may
        thread = threading.Thread(target=claim)
        thread.start()
        thread.join()
    assert told == [
        f"{tmp_path / 'a'} is being written by another process. Wait for its end, or choose "
        "another name; nothing was overwritten."
    ]
    assert names(tmp_path) == []


# ---------------------------------------------------------------- killed ones


def test_what_a_killed_process_left_of_a_file_is_replaced_and_does_not_pile_up(tmp_path):
    for _ in range(3):
        child = kill_in_the_middle(BE_KILLED_IN_A_FILE, tmp_path / "a")
        assert names(tmp_path) == [".a.0.unfinished"]
        child.kill()
        child.communicate()
    files.write_atomically(tmp_path / "a", lambda file: file.write(b"whole"))
    assert names(tmp_path) == ["a"]


def test_a_living_process_keeps_its_temporary_file(tmp_path):
    child = kill_in_the_middle(BE_KILLED_IN_A_FILE, tmp_path / "a")
    files.write_atomically(tmp_path / "a", lambda file: file.write(b"mine"))
    files.sweep(tmp_path)
    assert names(tmp_path) == [".a.0.unfinished", "a"]
    child.kill()
    child.communicate()
    files.sweep(tmp_path)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"mine"


def test_what_a_killed_process_left_of_a_folder_blocks_nobody(tmp_path):
    child = kill_in_the_middle(BE_KILLED_IN_A_FOLDER, tmp_path / "a")
    with pytest.raises(ValueError, match="a is being written by another process"):
        files.folder_atomically(tmp_path / "a").__enter__()
    child.send_signal(signal.SIGKILL)
    child.communicate()
    with files.folder_atomically(tmp_path / "a") as new:
        (new / "one").write_text("1")
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["one"]


def test_killed_between_the_two_renames_the_older_folder_comes_back(tmp_path):
    (tmp_path / ".a.older").mkdir()
    (tmp_path / ".a.older" / "old").touch()
    with pytest.raises(KeyError), files.folder_atomically(tmp_path / "a", overwrite=True):
        raise KeyError
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["old"]


# ---------------------------------------------------------------- what is there, what is refused


def test_what_exists_is_refused_unless_it_may_be_overwritten(tmp_path):
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "one").write_text("precious")
    for name in ("file", "folder"):
        with pytest.raises(
            ValueError,
            match=f"{name} exists already. Choose another name, or replace it .--overwrite",
        ):
            files.claimed(tmp_path / name).__enter__()
        with files.claimed(tmp_path / name, overwrite=True):
            pass
        with files.folder_atomically(tmp_path / name, overwrite=True) as new:
            (new / "two").write_text("2")
        assert names(tmp_path / name) == ["two"]
    assert names(tmp_path) == ["file", "folder"]


def test_an_empty_folder_counts_as_free_and_parents_are_made(tmp_path):
    (tmp_path / "a").mkdir()
    with files.folder_atomically(tmp_path / "a") as new:
        (new / "one").write_text("1")
    with files.folder_atomically(tmp_path / "b" / "c") as new:
        assert new.parent == tmp_path / "b"
    assert names(tmp_path / "a") == ["one"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(errno.ENOSPC, "No space left")])
def test_a_folder_that_could_not_be_filled_leaves_what_was_there(tmp_path, error):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "old").touch()
    expected = KeyboardInterrupt if error is KeyboardInterrupt else files.WriteError

    def fill_half():
        with files.folder_atomically(tmp_path / "a", overwrite=True) as new:
            (new / "half").touch()
            raise error

    with pytest.raises(expected):
        fill_half()
    assert names(tmp_path) == ["a"]
    assert names(tmp_path / "a") == ["old"]


def test_an_error_about_an_input_is_not_one_about_the_output(tmp_path):
    """The input lies beside the output, which is where it most often lies."""
    missing = tmp_path / "input"

    def fill():
        with files.folder_atomically(tmp_path / "out") as new:
            (new / "half").touch()
            missing.read_bytes()

    with pytest.raises(FileNotFoundError, match="input"):
        files.write_atomically(tmp_path / "a", lambda file: file.write(missing.read_bytes()))
    with pytest.raises(FileNotFoundError, match="input"):
        fill()
    assert names(tmp_path) == []


def test_an_error_inside_the_output_is_one_about_it(tmp_path):
    def fill():
        with files.folder_atomically(tmp_path / "out") as new:
            (new / "no folder" / "a").touch()

    with pytest.raises(files.WriteError, match="out cannot be written"):
        fill()


def test_texts_have_one_line_end_on_every_system(tmp_path):
    files.text_atomically(tmp_path / "a", "één\r\ntwee\n")
    assert (tmp_path / "a").read_bytes() == "één\ntwee\n".encode()
    with pytest.raises(files.WriteError, match="a cannot be written: its text has characters"):
        files.text_atomically(tmp_path / "a", "\udcff")
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "走" * 85])
def test_names_as_long_as_the_system_allows(tmp_path, name):
    files.write_atomically(tmp_path / name, lambda file: file.write(b"1"))
    with files.claimed(tmp_path / name, overwrite=True):
        pass
    with files.folder_atomically(tmp_path / name, overwrite=True):
        pass
    assert names(tmp_path) == [name]


def test_a_longer_name_is_told_in_one_line(tmp_path):
    with pytest.raises(
        files.WriteError, match=r"File name too long\. Choose a shorter name"
    ) as told:
        files.write_atomically(tmp_path / ("x" * 256), lambda file: file.write(b"1"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["a_pipe", "/dev/null"])
def test_a_device_or_pipe_is_never_replaced(tmp_path, name):
    place = tmp_path / name
    if name == "a_pipe":
        os.mkfifo(place)
    with pytest.raises(files.WriteError, match="It is a device or a pipe"):
        files.write_atomically(place, lambda file: file.write(b"1"))
    assert place.exists()
    assert not place.is_file()


def test_a_file_in_place_of_a_folder_and_the_reverse(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(files.WriteError, match="Choose a name that no folder has"):
        files.write_atomically(tmp_path / "folder", lambda file: file.write(b"1"))
    (tmp_path / "file").touch()
    with pytest.raises(files.WriteError, match="file/below cannot be written"):
        files.claimed(tmp_path / "file" / "below").__enter__()


@pytest.mark.parametrize("error", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_the_file_system_knows_no_locks_it_goes_without(tmp_path, monkeypatch, error):
    fcntl = pytest.importorskip("fcntl")

    def no_locks(*_):
        raise OSError(error, "no locks here")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    files.write_atomically(tmp_path / "a", lambda file: file.write(b"1"))
    with files.folder_atomically(tmp_path / "b") as new:
        (new / "one").touch()
    assert [name for name in names(tmp_path) if not name.startswith(".")] == ["a", "b"]
    (tmp_path / ".a.0.unfinished").touch()  # of a living process, as far as one can know
    files.write_atomically(tmp_path / "a", lambda file: file.write(b"2"))
    assert (tmp_path / ".a.0.unfinished").exists()
    os.utime(tmp_path / ".a.0.unfinished", (0, 0))
    files.write_atomically(tmp_path / "a", lambda file: file.write(b"3"))
    assert not (tmp_path / ".a.0.unfinished").exists()


# ---------------------------------------------------------------- Windows


def test_on_windows_a_file_is_closed_before_it_is_renamed(tmp_path, monkeypatch):
    """An open file can be neither renamed nor removed there."""
    monkeypatch.setattr(files, "ON_WINDOWS", True)
    replace = os.replace
    unlink = Path.unlink
    opened = []
    moved = []

    def write(file):
        opened.append(file)
        file.write(b"1")

    def replace_closed(source, target):
        moved.append(opened[-1].closed)
        replace(source, target)

    def unlink_closed(path, **options):
        moved.append(opened[-1].closed)
        unlink(path, **options)

    monkeypatch.setattr(os, "replace", replace_closed)
    files.write_atomically(tmp_path / "a", write)
    assert (tmp_path / "a").read_bytes() == b"1"

    def fail(file):
        write(file)
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "unlink", unlink_closed)
    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(tmp_path / "a", fail)
    assert moved == [True, True]
    assert names(tmp_path) == ["a"]


def test_a_file_that_another_program_holds_open_is_told_and_stays(tmp_path, monkeypatch):
    """On Windows it cannot be replaced: "Access is denied"."""
    (tmp_path / "a").write_bytes(b"old")

    def denied(source, target):
        raise PermissionError(errno.EACCES, "Access is denied")

    monkeypatch.setattr(os, "replace", denied)
    with pytest.raises(files.WriteError, match=r"a cannot be written: Access is denied\. ") as told:
        files.write_atomically(tmp_path / "a", lambda file: file.write(b"new"))
    assert "\n" not in str(told.value)
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "no name"),
        ("..", "no name"),
        ("con", "CON is the name of a device"),
        ("Aux.tar.gz", "AUX is the name of a device"),
        ("lpt1", "LPT1"),
        ("COM¹.txt", "COM¹"),
        ("nul .png", "NUL"),
        ("a:b", "Windows allows no :"),
        ('a"b', 'Windows allows no "'),
        ("a\\b", r"Windows allows no \\"),
        ("a/b", "Windows allows no /"),
        ("a\tb", "control character 9"),
        ("a\x7f", "control character 127"),
        ("a.", "a dot or a space at the end"),
        ("a ", "a dot or a space at the end"),
        ("r\udcff", "a byte that is no UTF-8"),
        ("x" * 256, "longer than 255 bytes"),
        ("走" * 86, "longer than 255 bytes"),
    ],
)
def test_names_that_some_system_does_not_allow(name, words):
    problem = files.portable_name_problem(name)
    assert problem is not None
    assert words.replace(r"\\", "\\") in problem


@pytest.mark.parametrize(
    "name", ["a", "anna.png", "console", "com10", "aux1", ".hidden", "走る", "a b", "x" * 255, "~"]
)
def test_names_that_are_good_everywhere(name):
    assert files.portable_name_problem(name) is None


def test_a_name_that_is_no_utf8_gets_one_meanwhile(tmp_path):
    folder = tmp_path / os.fsdecode(b"r\xff")
    folder.mkdir()
    assert not files.is_utf8(folder)
    with files.named_in_utf8(folder) as name:
        assert files.is_utf8(name)
        (Path(name) / "a.txt").write_text("a")
    assert (folder / "a.txt").read_text() == "a"
    assert not os.path.lexists(name)
    with files.named_in_utf8(tmp_path / "plain") as name:
        assert name == str(tmp_path / "plain")


@pytest.mark.parametrize("name", ["con.zip", "faces.", "a:b.npz"])
def test_on_windows_an_output_is_not_given_a_name_that_windows_changes(name, tmp_path, monkeypatch):
    """Windows would write a device, or another file than the one that is asked for."""
    with files.claimed(tmp_path / name):
        pass  # a good name elsewhere
    monkeypatch.setattr(files, "ON_WINDOWS", True)
    with (
        pytest.raises(ValueError, match=r"cannot be written: .*Windows.* Choose another name\."),
        files.claimed(tmp_path / "new" / name),
    ):
        raise AssertionError
    assert not (tmp_path / "new").exists()
