"""Pictures as one finds them: files of every kind, and copies that are not quite equal."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image


def folder(path: Path, faces: np.ndarray) -> None:
    """Write seven faces as seven kinds of file, and five files that give no picture.

    Args:
        path: a folder that does not exist yet.
        faces: uint8 [7, S, S, 3].
    """
    (path / "more").mkdir(parents=True)
    plain, png, grey, palette, clear, wide, lying = (Image.fromarray(face) for face in faces)
    side = plain.width
    plain.save(path / "1.jpg", quality=90)
    png.save(path / "2.PNG")
    grey.convert("L").save(path / "3 grey.png")
    palette.quantize(32).save(path / "4 palette.gif")
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    round_window = np.hypot(x, y) < side / 2  # transparent elsewhere
    clear.putalpha(Image.fromarray(np.uint8(255 * round_window)))
    clear.save(path / "5 transparent.png")
    around = Image.new("RGB", (2 * side, side), "black")
    around.paste(wide, (side // 2, 0))
    around.save(path / "6 wide.bmp")
    note = Image.Exif()
    note[0x0112] = 6  # "to see me upright, turn me to the right by 90 degrees"
    lying.transpose(Image.Transpose.ROTATE_90).save(path / "more" / "7 lying.jpg", exif=note)

    (path / "empty.png").touch()
    whole = (path / "2.PNG").read_bytes()
    (path / "cut off.png").write_bytes(whole[: len(whole) // 2])
    (path / "not found.jpg").write_text("<html>404</html>", encoding="utf-8")
    (path / "notes.txt").write_text("my favourites", encoding="utf-8")
    Image.new("1", (9000, 9000)).save(path / "bomb.png")  # 10 kB that unpack to 243 MB


def copies(faces: np.ndarray) -> dict[str, np.ndarray]:
    """The faces, uint8 [N, S, S, 3], compressed, 12 levels brighter, and moved right by a pixel."""
    return {
        "compressed": np.stack([_compressed(face) for face in faces]),
        "brighter": np.uint8(np.minimum(faces.astype(int) + 12, 255)),
        "moved": np.roll(faces, 1, axis=2),
    }


def thumbnails(faces: np.ndarray) -> np.ndarray:
    """The faces, uint8 [N, S, S, 3], as if each had been saved at 3/8 of its size and enlarged."""
    return np.stack([_enlarged(face) for face in faces])


def _enlarged(face: np.ndarray) -> np.ndarray:
    side = len(face)
    small = Image.fromarray(face).resize((3 * side // 8,) * 2, Image.Resampling.LANCZOS)
    return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))


def _compressed(face: np.ndarray) -> np.ndarray:
    packed = io.BytesIO()
    Image.fromarray(face).save(packed, "JPEG", quality=60)
    return np.asarray(Image.open(packed))
