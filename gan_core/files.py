"""Output that is there whole or not at all, whoever else writes beside it.

    files.write_atomically(path, write)      one file, made by write(binary file)
    files.text_atomically(path, text)        one text, UTF-8 with "\\n" line ends
    with files.folder_atomically(path) as new:      a folder, filled under another name
    with files.claimed(path):                nobody else makes this output meanwhile

Everything is made under a hidden temporary name beside its place, and renamed when it is complete.
Two processes never share a temporary name. What a killed process left behind is recognised by
its lock, which ends with the process, and is removed by the next one that writes the same output.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import filelock

UNFINISHED = ".unfinished"
LONGEST_NAME = 255  # bytes, on nearly every file system
ON_WINDOWS = os.name == "nt"
# On Windows a file must be closed before it is renamed, so for a moment it has no lock.
SECONDS_UNTIL_ABANDONED = 60 if ON_WINDOWS else 0
SECONDS_UNTIL_ABANDONED_WITHOUT_LOCKS = 24 * 60 * 60

WAYS_OUT = {
    errno.ENOSPC: "Make room on that disk.",
    errno.EDQUOT: "Make room on that disk.",
    errno.EFBIG: "Make room on that disk.",
    errno.EROFS: "Make it writable, or choose another folder.",
    errno.EACCES: "Make it writable, or choose another folder.",
    errno.EPERM: "Make it writable, or choose another folder.",
    errno.ENOENT: "Its folder is gone, or never was: put it back, or choose another.",
    errno.ENOTDIR: "Its folder is gone, or never was: put it back, or choose another.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.EISDIR: "Choose a name that no folder has.",
}

RESERVED_ON_WINDOWS = {
    *("CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"),
    *(f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789¹²³"),
}
FORBIDDEN_ON_WINDOWS = '<>:"/\\|?*'


class WriteError(ValueError):
    """Output that cannot be written: which, why, and the way out, in one line."""


def cannot_write(path: str | os.PathLike[str], error: OSError) -> WriteError:
    """What the system said about writing to `path`, as an error with a way out.

    Args:
        path: the output's final place.
        error: what the system raised.
    Returns:
        The error to raise.
    """
    way_out = WAYS_OUT.get(error.errno or 0, "Check the disk, or choose another folder.")
    reason = " ".join(str(error.strerror or error).split())
    return WriteError(
        f"{os.fspath(path)} cannot be written: {reason}. {way_out} "
        "What was there before is untouched."
    )


def write_atomically(path: str | os.PathLike[str], write: Callable[[BinaryIO], object]) -> None:
    """Make the file `path` by write(binary file), so that it never exists half-written.

    The temporary file is flushed to the disk before it is renamed onto `path`. Of two processes
    that write the same file at once, the later one to finish wins, with a whole file.

    Args:
        path: the file's final place, in a folder that exists; an older file is replaced.
        write: fills a file that is open for writing bytes.
    Raises:
        WriteError: the system refuses; the older file is untouched.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_atomically(folder / "a.bin", lambda file: file.write(b"12345"))
        >>> (folder / "a.bin").read_bytes()
        b'12345'
    """
    path = Path(path)
    try:
        _refuse_a_device(path)
        with _temporary_file(path) as (file, unfinished):
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if ON_WINDOWS:
                file.close()
            os.replace(unfinished, path)
    except OSError as error:
        raise cannot_write(path, error) from error
    _flush_folder(path.parent)


def text_atomically(path: str | os.PathLike[str], text: str) -> None:
    r"""Make the file `path` from a text: UTF-8, and "\n" line ends on every system.

    Args:
        path: as for `write_atomically`.
        text: what the file shall hold; "\r\n" becomes "\n".
    Raises:
        WriteError: the system refuses, or the text has no UTF-8.
    """
    try:
        encoded = text.replace("\r\n", "\n").encode("utf-8")
    except UnicodeEncodeError as error:
        raise WriteError(
            f"{os.fspath(path)} cannot be written: its text has characters that are no Unicode "
            f"({error.reason}). What was there before is untouched."
        ) from error
    write_atomically(path, lambda file: file.write(encoded))


@contextlib.contextmanager
def folder_atomically(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[Path]:
    """A new folder to fill, which becomes `path` when the block ends without an error.

    Args:
        path: the folder's final place. Missing parents are made.
        overwrite: whether to replace what is there.
    Returns:
        A context manager that yields the temporary folder, which is beside `path`.
    Raises:
        ValueError: `path` exists, or another process makes it.
        WriteError: the system refuses.

    Example:
        >>> import tempfile
        >>> place = Path(tempfile.mkdtemp()) / "numbers"
        >>> with folder_atomically(place) as new:
        ...     text_atomically(new / "one.txt", "1")
        >>> (place / "one.txt").read_text()
        '1'
    """
    path = Path(path)
    with claimed(path, overwrite):
        try:
            _remove_what_killed_processes_left(path)
            unfinished = _beside(path, f".{secrets.token_hex(4)}{UNFINISHED}")
            unfinished.mkdir()
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            yield unfinished
            _put_in_place(unfinished, path)
        except OSError as error:
            raise cannot_write(path, error) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    _flush_folder(path.parent)


@contextlib.contextmanager
def claimed(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[None]:
    """While open, no other process (and no other thread) makes the output `path`.

    The claim is a lock on the hidden file .NAME.lock beside `path`. It ends with the process,
    however that ends; the lock file means nothing by itself. The same thread may claim a path
    again inside. Where the file system knows no locks there is none.

    Args:
        path: the output's final place. Missing parents are made.
        overwrite: whether `path` may exist. An empty folder counts as free.
    Raises:
        ValueError: `path` exists, another process has claimed it, or Windows has no such name.
        WriteError: its folder cannot be made or written.
    """
    path = Path(path)
    problem = portable_name_problem(path.name) if ON_WINDOWS else None
    if problem is not None:
        raise ValueError(f"{path} cannot be written: {problem}. Choose another name.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock_of(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    with _held(lock, path):
        try:
            taken = os.path.lexists(path) and not _is_empty_folder(path)
        except OSError as error:
            raise cannot_write(path, error) from error
        if taken and not overwrite:
            raise ValueError(
                f"{path} exists already. Choose another name, or replace it (--overwrite, or "
                "overwrite=True in Python); nothing was overwritten."
            )
        yield


@contextlib.contextmanager
def named_in_utf8(path: str | os.PathLike[str]) -> Iterator[str]:
    """A name of this file or folder that is UTF-8, for libraries that take no other.

    A name on an old disk may hold bytes that are no UTF-8. Then it is a temporary link to it.

    Args:
        path: what is there, or is going to be.
    Returns:
        A context manager that yields the name.
    Raises:
        OSError: no link can be made.

    Example:
        >>> with named_in_utf8("runs/mine") as name:
        ...     print(name)
        runs/mine
    """
    name = os.fspath(path)
    if is_utf8(name):
        yield name
        return
    with tempfile.TemporaryDirectory(prefix="gan-") as folder:
        link = os.path.join(folder, "link")
        os.symlink(os.path.abspath(name), link)
        yield link


def is_utf8(path: str | os.PathLike[str]) -> bool:
    """Whether every byte of a path's name belongs to a UTF-8 character."""
    try:
        os.fspath(path).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def sweep(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files that killed processes left in a folder; living ones keep theirs.

    Args:
        folder: looked at itself, without the folders in it.
    """
    with contextlib.suppress(OSError):
        for file in Path(folder).glob(f".*{UNFINISHED}"):
            if file.is_file():
                _remove_if_abandoned(file)


def portable_name_problem(name: str) -> str | None:
    """Why some system could not have a file of this name.

    Windows reserves device names with any ending, forbids some characters, and drops a dot or a
    space at the end (Microsoft, "Naming Files, Paths, and Namespaces").

    Args:
        name: the last part of a path.
    Returns:
        The reason in a few words; None if the name is good everywhere.

    Example:
        >>> portable_name_problem("aux.txt")
        'AUX is the name of a device on Windows'
        >>> portable_name_problem("anna.png") is None
        True
    """
    if name in ("", ".", ".."):
        return "it is no name of a file"
    for character in name:
        if ord(character) < 32 or ord(character) == 127:
            return f"it holds the control character {ord(character)}"
        if character in FORBIDDEN_ON_WINDOWS:
            return f"Windows allows no {character} in a name"
        if 0xD800 <= ord(character) <= 0xDFFF:
            return "it holds a byte that is no UTF-8"
    if name[-1] in ". ":
        return "Windows drops a dot or a space at the end of a name"
    device = name.split(".")[0].rstrip(" ").upper()
    if device in RESERVED_ON_WINDOWS:
        return f"{device} is the name of a device on Windows"
    if len(name.encode("utf-8")) > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} bytes"
    return None


def distinguishes_case(folder: str | os.PathLike[str]) -> bool:
    """Whether a folder's disk takes a name in capitals for another name.

    Those of Windows and macOS mostly do not.

    Args:
        folder: where it is tried; it must be there, and writable.
    Raises:
        OSError: the folder cannot be written.

    Example:
        >>> import tempfile
        >>> distinguishes_case(tempfile.gettempdir()) in (True, False)
        True
    """
    with tempfile.NamedTemporaryFile(prefix=".case-", dir=folder) as file:
        path = Path(file.name)
        return not os.path.lexists(path.with_name(path.name.upper()))


def _beside(path: Path, ending: str) -> Path:
    """A hidden name beside `path`: .NAME and the ending, with a long NAME replaced by its hash."""
    name = path.name
    if len(os.fsencode(name)) > LONGEST_NAME - 40:
        name = hashlib.blake2b(os.fsencode(name), digest_size=16).hexdigest()
    return path.with_name(f".{name}{ending}")


def _refuse_a_device(path: Path) -> None:
    """A rename onto /dev/null would take the device away."""
    if not path.exists():
        return
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "It is a device or a pipe, not a file", str(path))


@contextlib.contextmanager
def _temporary_file(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file that this process alone has open, and its name. Renamed, or gone, afterwards."""
    for number in itertools.count():
        unfinished = _beside(path, f".{number}{UNFINISHED}")
        _remove_if_abandoned(unfinished)
        try:
            file = open(unfinished, "xb")  # noqa: SIM115
        except FileExistsError:
            continue  # another process is writing there
        if _lock_or_lose(file):
            break
        file.close()
    try:
        yield file, unfinished
    except BaseException:
        if ON_WINDOWS:
            file.close()  # an open file cannot be removed there
        with contextlib.suppress(OSError):  # a disk that cannot be written may not be tidied either
            unfinished.unlink()  # while it is locked: afterwards the name may be another process's
        raise
    finally:
        _close(file)


def _close(file: BinaryIO) -> None:
    """Whatever the disk says to it: the bytes were flushed, or are not wanted."""
    with contextlib.suppress(OSError):
        file.close()


def _lock_or_lose(file: BinaryIO) -> bool:
    """Lock a file just made; False if another process took it for abandoned meanwhile."""
    if ON_WINDOWS:
        return True  # an open file cannot be removed there
    try:
        return filelock.lock_descriptor(file.fileno(), blocking=False) and bool(
            os.fstat(file.fileno()).st_nlink
        )
    except (OSError, NotImplementedError):
        return True  # no locks on this file system


def _remove_if_abandoned(unfinished: Path) -> None:
    """Remove the temporary file of a process that was killed; leave that of a living one."""
    try:
        age = time.time() - unfinished.lstat().st_mtime
        if age < SECONDS_UNTIL_ABANDONED:
            return
        if ON_WINDOWS or unfinished.is_symlink():
            unfinished.unlink()
            return
        with open(unfinished, "rb") as file:
            try:
                abandoned = filelock.lock_descriptor(file.fileno(), blocking=False)
            except (OSError, NotImplementedError):
                abandoned = age > SECONDS_UNTIL_ABANDONED_WITHOUT_LOCKS
            if abandoned and os.path.samestat(os.fstat(file.fileno()), unfinished.stat()):
                unfinished.unlink()  # and not one that got this name meanwhile
    except OSError:
        pass  # it is gone, or still open, or not ours


def _lock_of(path: Path) -> filelock.BaseFileLock:
    """The one lock of this output in this process: its thread may hold it several times."""
    real = path.parent.resolve() / path.name  # however it was written
    return filelock.FileLock(
        _beside(real, ".lock"), timeout=0, fallback_to_soft=False, is_singleton=True
    )


@contextlib.contextmanager
def _held(lock: filelock.BaseFileLock, path: Path) -> Iterator[None]:
    try:
        lock.acquire()
    except filelock.Timeout:
        raise ValueError(
            f"{path} is being written by another process. Wait for its end, or choose another "
            "name; nothing was overwritten."
        ) from None
    except NotImplementedError:
        pass  # no locks on this file system
    except OSError as error:
        if error.errno not in (errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP):
            raise cannot_write(path, error) from error
    try:
        yield
    finally:
        if lock.is_locked:
            _release(lock)


def _release(lock: filelock.BaseFileLock) -> None:
    """Let go; the outermost holder takes the lock file away while it still holds it.

    A process that waits for the removed file notices that it has no name any more (filelock looks
    at its number of links). On Windows an open file stays, and does no harm.
    """
    if lock.lock_counter == 1 and not ON_WINDOWS:
        with contextlib.suppress(OSError):
            os.unlink(lock.lock_file)
    lock.release()


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _older(path: Path) -> Path:
    """Where an older output waits while the new one takes its place."""
    return _beside(path, ".older")


def _remove_what_killed_processes_left(path: Path) -> None:
    """Called by the one process that has claimed `path`, so all temporary folders are old ones."""
    start = _beside(path, ".").name
    for entry in path.parent.iterdir():
        if entry.name.startswith(start) and entry.name.endswith(UNFINISHED) and entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
    older = _older(path)
    if os.path.lexists(older):
        if os.path.lexists(path):
            _remove(older)
        else:
            older.rename(path)  # killed between the two renames


def _put_in_place(unfinished: Path, path: Path) -> None:
    """Rename onto `path`. A folder with files cannot be renamed onto: an older one steps aside."""
    older = _older(path)
    if _is_empty_folder(path):
        path.rmdir()
    if os.path.lexists(path):
        path.rename(older)
    try:
        unfinished.rename(path)
    except OSError:
        if os.path.lexists(older):
            older.rename(path)
        raise
    _remove(older)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can: the file is in its place already."""
    if hasattr(os, "O_DIRECTORY"):
        with contextlib.suppress(OSError):  # some network disks cannot
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
