"""Pictures of one size -> PNG files, a block at a time.

    signature   IHDR: width, height, 8 bits, grey or RGB   IDAT: zlib(filtered rows)   IEND

A PNG stores each row as its difference from something already known, and compresses these numbers.
General encoders try five differences on every row and then search for repetitions. A generated face
repeats nothing, so here every row is stored less the row above it (filter 2), and zlib looks for
runs of one value alone (Z_RLE). On faces of 64 pixels from the package's own generator that takes a
third of the time of Pillow at its fastest level, for files of the same size: 10.1 kB. Files of real
faces are 4 % larger, and those of drawn faces, which have large areas of one colour, 7 %.

The layout is that of the PNG specification (W3C 2003), sections 5, 9 and 11.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER = struct.Struct(">I4sIIBBBBBI")  # length, IHDR, the seven numbers, checksum
END = b"\0\0\0\0IEND\xaeB`\x82"  # the last bytes of every file
BITS = 8  # of a sample
COLOUR_TYPE = {1: 0, 3: 2}  # channels -> grey, RGB
UP = 2  # filter: a row less the row above it
LEVEL = 1  # of zlib's 1 to 9
MEMORY_LEVEL = 8  # zlib's default


def encode(images: np.ndarray) -> list[bytes]:
    """The files of a block of pictures.

    zlib and NumPy let go of Python's lock meanwhile, so blocks may be encoded in several threads.

    Args:
        images: uint8 [n, H, W, 3], or [n, H, W, 1] of grey.

    Returns:
        n files.
    """
    n, height, width, channels = images.shape
    header = struct.pack(">IIBBBBB", width, height, BITS, COLOUR_TYPE[channels], 0, 0, 0)
    start = SIGNATURE + _chunk(b"IHDR", header)
    rows = images.reshape(n, height, width * channels)
    filtered = np.empty([n, height, 1 + width * channels], np.uint8)
    filtered[:, :, 0] = UP
    filtered[:, 0, 1:] = rows[:, 0]  # above the first row there is nothing: 0
    np.subtract(rows[:, 1:], rows[:, :-1], out=filtered[:, 1:, 1:])  # modulo 256
    return [start + _chunk(b"IDAT", _compressed(one)) + END for one in filtered]


def is_of_encode(file: bytes) -> bool:
    """Whether `encode` may have made a file: three chunks, and every row less the row above it.

    Other programs choose a filter for each row, or use none, so hardly any of theirs passes.

    Args:
        file: the bytes of any file.
    """
    idat = len(SIGNATURE) + HEADER.size
    data = idat + 8  # behind its length and kind
    if not (file.startswith(SIGNATURE) and file.endswith(END) and len(file) >= data + len(END)):
        return False
    _, _, width, height, bits, colour_type, *_ = HEADER.unpack_from(file, len(SIGNATURE))
    length, kind = struct.unpack_from(">I4s", file, idat)
    channels = {type_: number for number, type_ in COLOUR_TYPE.items()}.get(colour_type)
    whole = data + length + 4 + len(END)  # 4: the checksum
    if kind != b"IDAT" or whole != len(file) or bits != BITS or channels is None:
        return False
    row = 1 + width * channels
    try:
        filtered = zlib.decompress(file[data : data + length])
    except zlib.error:
        return False
    return len(filtered) == height * row and set(filtered[::row]) == {UP}


def _compressed(filtered: np.ndarray) -> bytes:
    """The rows of one picture, as a zlib stream."""
    compressor = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS, MEMORY_LEVEL, zlib.Z_RLE)
    return compressor.compress(filtered) + compressor.flush()


def _chunk(kind: bytes, data: bytes) -> bytes:
    """Length, kind, data and checksum."""
    checksum = zlib.crc32(data, zlib.crc32(kind))
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
