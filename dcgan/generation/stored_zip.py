"""A zip file of any number of entries, written in constant memory.

Python's own zipfile keeps a record of every entry in memory until the end: hundreds of megabytes
for a million files. Here the records wait in a temporary file. Entries are stored as they are (a
PNG is compressed already), with one date for all, so that the same entries give the same bytes.

    offset 0   [local header, name, data] for each entry
    then       [record: where the entry lies] for each     (the central directory)
    then       how many records there are, and where they begin

The layout is that of PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16; its 64-bit fields (Zip64) are
used where a file has 65,535 entries or more, or 4 GB. Any unzip, and Python's zipfile, reads it.
"""

import struct
import tempfile
import zlib

LIMIT_16, LIMIT_32 = 0xFFFF, 0xFFFFFFFF  # these values themselves say "see the 64-bit field"
UTF_8, STORED, DAY_ONE, PLAIN_FILE = (
    0x800,
    0,
    (1 << 5) | 1,
    0o100644 << 16,
)  # 1 January 1980, the first day there is
CHUNK = 1 << 16


class StoredZip:
    """Write entries one after the other into a binary file that is empty; then `finish`.

    folder: where the temporary file lies, on a disk with room for about 100 bytes an entry.
    """

    def __init__(self, file, folder=None):
        self._file, self._count = file, 0
        self._records = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (__exit__ closes it)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.finish()
        self._records.close()

    def add(self, name: str, data: bytes) -> None:
        """An entry of less than 4 GB."""
        self._header(name, len(data), zlib.crc32(data))
        self._file.write(data)

    def add_file(self, name: str, source) -> None:
        """An entry from a binary file, which is read twice from its start:
        for the checksum, and to copy it.
        """
        source.seek(0)
        size = checksum = 0
        while chunk := source.read(CHUNK):
            size, checksum = size + len(chunk), zlib.crc32(chunk, checksum)
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
        end, count = self._file.tell(), self._count
        size = end - start
        if count >= LIMIT_16 or start >= LIMIT_32 or size >= LIMIT_32:
            self._file.write(
                struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
            )
            self._file.write(struct.pack("<4sIQI", b"PK\6\7", 0, end, 1))
        count, size, start = min(count, LIMIT_16), min(size, LIMIT_32), min(start, LIMIT_32)
        self._file.write(struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, size, start, 0))

    def _header(self, name, size, checksum):
        """The local header now, and the record for the end."""
        if size >= LIMIT_32:
            raise ValueError(f"StoredZip: {name} must be smaller than 4 GB, got {size:,} bytes.")
        encoded, offset = name.encode(), self._file.tell()
        about = struct.pack(
            "<HHHHIIIH", UTF_8, STORED, 0, DAY_ONE, checksum, size, size, len(encoded)
        )
        far = (
            struct.pack("<HHQ", 1, 8, offset) if offset >= LIMIT_32 else b""
        )  # Zip64: the offset in 64 bits
        version = 45 if far else 20
        self._file.write(
            struct.pack("<4sH", b"PK\3\4", version) + about + struct.pack("<H", 0) + encoded
        )
        self._records.write(
            struct.pack("<4sHH", b"PK\1\2", (3 << 8) | version, version)
            + about
            + struct.pack("<HHHHII", len(far), 0, 0, 0, PLAIN_FILE, min(offset, LIMIT_32))
            + encoded
            + far
        )
        self._count += 1
