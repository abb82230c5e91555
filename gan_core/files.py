"""Write files and folders so that they are complete or do not exist, also with several writers.

    files.write_atomically(path, write)      one file, made by write(binary file)
    files.text_atomically(path, text)        one text, UTF-8 with "\\n" line ends
    with files.folder_atomically(path) as new:      a folder, filled under another name
    with files.claimed(path):                nobody else writes this output meanwhile

Everything is written under a hidden temporary name beside its final path, and renamed when it is
complete. Two processes never share a temporary name. A process holds a lock on its temporary files,
which ends with the process. So files of a killed process are recognised, and the next process that
writes the same output removes them.
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
    """Output cannot be written. The message says in one line which, why, and what to do."""


def cannot_write(path: str | os.PathLike[str], error: OSError) -> WriteError:
    """Turn the system's error about writing to `path` into an error that says what to do.

    Args:
        path: the final path of the output.
        error: the exception that the system raised.
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

    The temporary file is flushed to the disk before it is renamed to `path`. If two processes write
    the same file at once, the file is that of the process which finishes last, and it is complete.

    Args:
        path: the final path of the file, in a folder that exists; an older file is replaced.
        write: a function that writes to a file opened for bytes.
    Raises:
        WriteError: if the file cannot be written; the older file is untouched.
        OSError: what `write` raises about another file, such as one that it reads.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_atomically(folder / "a.bin", lambda file: file.write(b"12345"))
        >>> (folder / "a.bin").read_bytes()
        b'12345'
    """
    path = Path(path)
    try:
        refuse_a_device(path)
        with _temporary_file(path) as (file, unfinished):
            write(file)
            file.flush()
            os.fsync(file.fileno())
            if ON_WINDOWS:
                file.close()
            os.replace(unfinished, path)
    except OSError as error:
        if not _is_about(error, path):
            raise
        raise cannot_write(path, error) from error
    _flush_folder(path.parent)


def text_atomically(path: str | os.PathLike[str], text: str) -> None:
    r"""Make the file `path` from a text: UTF-8, and "\n" line ends on every system.

    Args:
        path: as for `write_atomically`.
        text: the content of the file; "\r\n" becomes "\n".
    Raises:
        WriteError: if the file cannot be written, or the text cannot be encoded as UTF-8.
    """
    try:
        encoded = text.replace("\r\n", "\n").encode("utf-8")
    except UnicodeEncodeError as error:
        raise WriteError(
            f"{os.fspath(path)} cannot be written: its text has characters that are not Unicode "
            f"({error.reason}). What was there before is untouched."
        ) from error
    write_atomically(path, lambda file: file.write(encoded))


@contextlib.contextmanager
def folder_atomically(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[Path]:
    """Yield a new folder to fill; it becomes `path` if the block ends without an error.

    Args:
        path: the final path of the folder. Missing parents are made.
        overwrite: whether to replace an existing output.
    Returns:
        A context manager that yields the temporary folder, which is beside `path`.
    Raises:
        ValueError: if `path` exists, or another process is writing it.
        WriteError: if the folder cannot be written.
        OSError: what the block raises about another file, such as one that it reads.

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
            if not _is_about(error, path):
                raise
            raise cannot_write(path, error) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    _flush_folder(path.parent)


@contextlib.contextmanager
def claimed(path: str | os.PathLike[str], overwrite: bool = False) -> Iterator[None]:
    """Within a `with` block, keep other processes and threads from writing the output `path`.

    The claim is a lock on the hidden file .NAME.lock beside `path`. It ends with the process,
    however that ends; the lock file is no lock by itself. The same thread may claim a path again
    inside the block. On a file system without locks nothing is locked.

    Args:
        path: the final path of the output. Missing parents are made.
        overwrite: whether `path` may exist. An empty folder counts as free.
    Raises:
        ValueError: if `path` exists, another process has claimed it, or Windows does not allow the
            name.
        WriteError: if its folder cannot be made or written.
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
    """Find a UTF-8 name for a file or folder, for libraries that accept no other.

    A name on an old disk may hold bytes that are not UTF-8. Then a temporary link to it is made.

    Args:
        path: the file or folder; it need not exist yet.
    Returns:
        A context manager that yields the name.
    Raises:
        OSError: if no link can be made.

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
    """Remove the temporary files that killed processes left in a folder; keep those of live ones.

    Args:
        folder: the folder; its subfolders are not searched.
    """
    with contextlib.suppress(OSError):
        for file in Path(folder).glob(f".*{UNFINISHED}"):
            if file.is_file():
                _remove_if_abandoned(file)


def portable_name_problem(name: str) -> str | None:
    """Say why a file name is not allowed on some system.

    Windows reserves device names with any ending, forbids some characters, and drops a dot or a
    space at the end (Microsoft, "Naming Files, Paths, and Namespaces").

    Args:
        name: the last part of a path.
    Returns:
        The reason in a few words; None if the name is allowed everywhere.

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
    """Whether a folder's disk distinguishes capital and small letters in names.

    Disks of Windows and macOS usually do not.

    Args:
        folder: the folder to test; it must exist and be writable.
    Raises:
        OSError: if the folder cannot be written.

    Example:
        >>> import tempfile
        >>> distinguishes_case(tempfile.gettempdir()) in (True, False)
        True
    """
    with tempfile.NamedTemporaryFile(prefix=".case-", dir=folder) as file:
        path = Path(file.name)
        return not os.path.lexists(path.with_name(path.name.upper()))


def _is_about(error: OSError, path: Path) -> bool:
    """Whether an error is about writing `path`, and not about another file, such as an input.

    An error about the disk, such as a full one, names no file.
    """
    if not isinstance(error.filename, str | bytes | os.PathLike):
        return True
    named = Path(os.path.abspath(os.fsdecode(error.filename)))
    folder = Path(os.path.abspath(path.parent))
    if folder not in named.parents:
        return False
    entry = named.relative_to(folder).parts[0]
    return entry == path.name or entry.startswith(_beside(path, ".").name)


def _beside(path: Path, ending: str) -> Path:
    """A hidden name beside `path`: .NAME and the ending, with a long NAME replaced by its hash."""
    name = path.name
    if len(os.fsencode(name)) > LONGEST_NAME - 40:
        name = hashlib.blake2b(os.fsencode(name), digest_size=16).hexdigest()
    return path.with_name(f".{name}{ending}")


def refuse_a_device(path: Path) -> None:
    """Refuse a device, a pipe or a folder in the place of a file; a path without a file is free.

    A rename would replace a device, and reading one, or a pipe, may never end.

    Args:
        path: where a file is to be read or written.
    Raises:
        OSError: if there is something else than a file.
    """
    if not path.exists():
        return
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "It is a device or a pipe, not a file", str(path))


@contextlib.contextmanager
def _temporary_file(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file that only this process has open, and its name; it is renamed or removed."""
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
            file.close()  # Windows cannot remove an open file
        with contextlib.suppress(OSError):  # removing may fail for the same reason as writing
            # Before the lock ends, because another process may use the name afterwards.
            unfinished.unlink()
        raise
    finally:
        _close(file)


def _close(file: BinaryIO) -> None:
    """Close a file and ignore errors: its bytes have been flushed, or are not needed."""
    with contextlib.suppress(OSError):
        file.close()


def _lock_or_lose(file: BinaryIO) -> bool:
    """Lock a new file; return False if another process has removed it as abandoned."""
    if ON_WINDOWS:
        return True  # Windows cannot remove an open file
    try:
        return filelock.lock_descriptor(file.fileno(), blocking=False) and bool(
            os.fstat(file.fileno()).st_nlink
        )
    except (OSError, NotImplementedError):
        return True  # no locks on this file system


def _remove_if_abandoned(unfinished: Path) -> None:
    """Remove a temporary file if its process was killed; keep it if the process is live."""
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
    """The lock of this output, one object in the process; one thread may hold it several times."""
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
    """Release the lock; the outermost holder removes the lock file while it still holds the lock.

    A process that waits for the removed file notices that it has no name any more (filelock checks
    its number of links). On Windows an open file cannot be removed; it stays, and does no harm.
    """
    if lock.lock_counter == 1 and not ON_WINDOWS:
        with contextlib.suppress(OSError):
            os.unlink(lock.lock_file)
    lock.release()


def _is_empty_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def _older(path: Path) -> Path:
    """The temporary name of an older output while the new one is put in its place."""
    return _beside(path, ".older")


def _remove_what_killed_processes_left(path: Path) -> None:
    """Remove temporary folders of `path`. The caller has claimed it, so none is in use."""
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
    """Rename to `path`; an older folder, which cannot be replaced, is renamed first."""
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
    """Flush the folder to disk, so that the rename survives a power cut (if the system can)."""
    if hasattr(os, "O_DIRECTORY"):
        with contextlib.suppress(OSError):  # some network disks cannot
            handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
