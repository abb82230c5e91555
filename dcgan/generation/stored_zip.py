"""A zip file of any number of entries, written in constant memory.

Python's own zipfile keeps a record of every entry in memory until the end: hundreds of megabytes
for a million files. Here the records are kept in a temporary file. Entries are stored uncompressed
(a PNG is compressed already), all with the same date, so that the same entries give the same bytes.

    offset 0   [local header, name, data] for each entry
    then       [record: where the entry lies] for each     (the central directory)
    then       how many records there are, and where they begin

The layout is that of PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16; its 64-bit fields (Zip64) are
used where a file has 65,535 entries or more, or 4 GB. Any unzip, and Python's zipfile, reads it.
"""

from __future__ import annotations

import os
import struct
import tempfile
import types
import zlib
from typing import BinaryIO

# These values themselves say "see the 64-bit field".
LIMIT_16 = 0xFFFF
LIMIT_32 = 0xFFFFFFFF

UTF_8 = 0x800  # flag: names are in UTF-8
STORED = 0  # method: not compressed
DAY_ONE = (1 << 5) | 1  # 1 January 1980, the first day there is
PLAIN_FILE = 0o100644 << 16  # Unix attributes: a file that all may read
UNIX = 3 << 8  # whose attributes they are
VERSION = 20  # 2.0, of the format
VERSION_64 = 45  # 4.5: with 64-bit fields
CHUNK = 1 << 16


class StoredZip:
    """Write entries one after the other into a binary file that is empty; then `finish`.

    As a context manager it finishes by itself, unless an error is on its way.

    Args:
        file: binary and writable; it stays open.
        folder: where the temporary file lies, on a disk with room for about 100 bytes an entry.
            None: the system's.
    """

    def __init__(self, file: BinaryIO, folder: str | os.PathLike | None = None):
        self._file = file
        self._count = 0
        self._records = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (__exit__ closes it)

    def __enter__(self) -> StoredZip:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        if kind is None:
            self.finish()
        self._records.close()

    def add(self, name: str, data: bytes) -> None:
        """An entry from memory.

        Args:
            name: in the zip file, with "/" between folders.
            data: less than 4 GB.

        Raises:
            ValueError: if data are 4 GB or more.
        """
        self._header(name, len(data), zlib.crc32(data))
        self._file.write(data)

    def add_file(self, name: str, source: BinaryIO) -> None:
        """An entry from a binary file, read twice from its start: for the checksum, and to copy it.

        Args:
            name: in the zip file, with "/" between folders.
            source: a binary file of less than 4 GB.

        Raises:
            ValueError: if the source has 4 GB or more.
        """
        source.seek(0)
        size = 0
        checksum = 0
        while chunk := source.read(CHUNK):
            size += len(chunk)
            checksum = zlib.crc32(chunk, checksum)
        self._header(name, size, checksum)
        source.seek(0)
        while chunk := source.read(CHUNK):
            self._file.write(chunk)

    def finish(self) -> None:
        """Write the directory, without which it is no zip file."""
        start = self._file.tell()
        self._records.seek(0)
        while chunk := self._records.read(CHUNK):
            self._file.write(chunk)
        end = self._file.tell()
        size = end - start
        count = self._count
        if count >= LIMIT_16 or start >= LIMIT_32 or size >= LIMIT_32:
            self._end_of_directory_64(count, size, start)
            self._file.write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
        count = min(count, LIMIT_16)
        size = min(size, LIMIT_32)
        start = min(start, LIMIT_32)
        self._file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, start, 0))

    def _end_of_directory_64(self, count: int, size: int, start: int) -> None:
        """How many records there are, their size and where they begin, in 64 bits."""
        about = struct.pack("<4sQHH", b"PK\6\6", 44, VERSION_64, VERSION_64)
        self._file.write(about + struct.pack("<IIQQQQ", 0, 0, count, count, size, start))

    def _header(self, name: str, size: int, checksum: int) -> None:
        """The local header now, and the record for the end."""
        if size >= LIMIT_32:
            raise ValueError(f"StoredZip: {name} must be smaller than 4 GB, got {size:,} bytes.")
        encoded = name.encode()
        offset = self._file.tell()
        version = VERSION
        far = b""
        if offset >= LIMIT_32:
            version = VERSION_64
            far = struct.pack("<HHQ", 1, 8, offset)  # Zip64: the offset in 64 bits
        about = struct.pack(
            "<HHHHIIIH", UTF_8, STORED, 0, DAY_ONE, checksum, size, size, len(encoded)
        )
        local = struct.pack("<4sH", b"PK\3\4", version)
        self._file.write(local + about + struct.pack("<H", 0) + encoded)
        central = struct.pack("<4sHH", b"PK\1\2", UNIX | version, version)
        place = struct.pack("<HHHHII", len(far), 0, 0, 0, PLAIN_FILE, min(offset, LIMIT_32))
        self._records.write(central + about + place + encoded + far)
        self._count += 1
