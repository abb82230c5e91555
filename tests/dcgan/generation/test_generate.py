"""python -m dcgan generate, from the command line to the files."""

import io
import zipfile

import numpy as np
import pytest
import tiny_faces
from PIL import Image

from dcgan.figures import sheets
from dcgan.generation import avatars, trained_generator
from dcgan.generation.generate import Generate, generate
from dcgan.generation.ids import Ids, read_ids
from gan_core.app import command_line


@pytest.fixture(autouse=True)
def generator(monkeypatch, tmp_path):
    known = tiny_faces.known()
    monkeypatch.setattr(trained_generator, "load", lambda run, **_: known)
    monkeypatch.chdir(tmp_path)
    return known


def run(*arguments):
    command_line.run(Generate, generate, "x", arguments=list(map(str, arguments)))


def test_so_many_faces_in_each_kind_of_place(tmp_path, generator, capsys):
    faces = tiny_faces.colours(generator.z(300, seed=2))
    for out in ("folder", "a.zip", "a.npz"):
        run("--count", 300, "--seed", 2, "--out", out)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["images"], faces)
    names = [f"{i:05d}.png" for i in range(300)]
    np.testing.assert_array_equal(
        [np.asarray(Image.open(tmp_path / "folder" / name)) for name in names], faces
    )
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        np.testing.assert_array_equal(
            np.asarray(Image.open(io.BytesIO(archive.read(names[299])))), faces[299]
        )
    said = capsys.readouterr().out
    assert said.count("300 faces by known in") == 3
    assert said.count("faces a second") == 3
    assert "sheet" not in said


@pytest.mark.parametrize(
    ("count", "shown", "words"),
    [(3, 3, ""), (64, 64, ""), (3000, 64, ", the first 64 faces. For all 3,000: --out FOLDER")],
)
def test_without_a_place_there_is_a_sheet_of_the_first_64(
    tmp_path, generator, count, shown, words, capsys
):
    run("--count", count)
    expected = sheets.sheet(tiny_faces.colours(generator.z(shown)))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "runs" / "faces.png")), expected)
    assert capsys.readouterr().out == f"wrote runs/faces.png{words}\n"


def test_a_face_for_every_id_and_a_sheet_of_the_first_64(tmp_path, capsys):
    ids = [f"player {i}" for i in range(100)]
    (tmp_path / "ids.txt").write_text("\n".join([ids[0], *ids]), encoding="utf-8")
    run("--ids", "ids.txt", "--out", "a.zip", "--sheet", "sheet.png", "--seed", 4)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        face = np.asarray(Image.open(io.BytesIO(archive.read(avatars.file_name("player 99")))))
        assert len(archive.namelist()) == 101
    faces = tiny_faces.colours(avatars.latents(ids, 3, seed=4))
    np.testing.assert_array_equal(face, faces[99])
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "sheet.png")), sheets.sheet(faces[:64])
    )
    assert (
        "100 ids (1 repeated lines), 100 faces made by known in a.zip: " in capsys.readouterr().out
    )


def entries(path):
    """(name, bytes) of all that a zip or a folder holds but its index, in order,
    and the rows of the index.
    """
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            found = [(name, archive.read(name)) for name in archive.namelist()]
    else:
        found = sorted(
            (str(file.relative_to(path)), file.read_bytes()) for file in path.rglob("*.*")
        )
    rows = dict(found)["index.csv"].decode().splitlines()
    assert rows[0] == "id,file"
    return [entry for entry in found if entry[0] != "index.csv"], rows[1:]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".zip", ""])
def test_parts_one_after_the_other_are_the_whole_byte_for_byte(
    tmp_path, monkeypatch, capsys, suffix
):
    """Repeated ids lie across the parts' borders; each is made once, where it came first.
    With a real network.
    """
    network = trained_generator.of_network(tiny_faces.network(), 7, 32)
    monkeypatch.setattr(trained_generator, "load", lambda run, **_: network)
    ids = [f"player {i}" for i in range(300)]
    (tmp_path / "ids.txt").write_text("\n".join([*ids[:100], *ids[:90], *ids]), encoding="utf-8")
    run("--ids", "ids.txt", "--out", f"whole{suffix}")
    for part in (3, 1, 2):
        run("--ids", "ids.txt", "--out", f"part{part}{suffix}", "--part", f"{part}/3")
    whole, rows = entries(tmp_path / f"whole{suffix}")
    parts = [entries(tmp_path / f"part{part}{suffix}") for part in (1, 2, 3)]
    assert [len(part_rows) for _, part_rows in parts] == [100, 100, 100]
    joined = [entry for part, _ in parts for entry in part]
    assert (joined if suffix else sorted(joined)) == whole
    assert (
        [row for _, part_rows in parts for row in part_rows]
        == rows
        == [f"{one},{avatars.file_name(one)}" for one in ids]
    )
    told = f"part 3/3: 100 ids (0 repeated lines), 100 faces made by network in part3{suffix}: "
    assert told in capsys.readouterr().out


def test_the_sheet_of_a_part_shows_that_parts_own_first_faces(tmp_path):
    ids = [f"player {i}" for i in range(200)]
    (tmp_path / "ids.txt").write_text("\n".join(ids), encoding="utf-8")
    run("--ids", "ids.txt", "--out", "a.zip", "--part", "2/2", "--sheet", "sheet.png")
    faces = tiny_faces.colours(avatars.latents(ids[100:164], 3))
    np.testing.assert_array_equal(
        np.asarray(Image.open(tmp_path / "sheet.png")), sheets.sheet(faces)
    )


def test_parts_differ_by_one_at_most(tmp_path):
    (tmp_path / "ids.txt").write_text("\n".join(map(str, range(11))), encoding="utf-8")
    with Ids(read_ids("ids.txt")) as ids:
        parts = [list(ids.between(*ids.part(part, 4))) for part in (1, 2, 3, 4)]
        with pytest.raises(
            ValueError, match="one of at most 11, as many as there are different ids, got 1/12"
        ):
            ids.part(1, 12)
    assert [one for part in parts for one in part] == [str(i) for i in range(11)]
    assert {len(part) for part in parts} == {2, 3}


@pytest.mark.parametrize(
    ("out", "words"),
    [("a", "makes what is missing"), ("a.zip", "not finished, and is gone")],
)
def test_ctrl_c_says_what_became_of_it(tmp_path, generator, monkeypatch, capsys, out, words):
    calls = []

    def stopping(z):
        calls.append(z)
        if len(calls) == 10:
            raise KeyboardInterrupt
        return generator.function(z)

    monkeypatch.setattr(
        trained_generator,
        "load",
        lambda run, **_: trained_generator.Generator(stopping, 3, 4, "known"),
    )
    (tmp_path / "ids.txt").write_text("\n".join(map(str, range(700))), encoding="utf-8")
    with pytest.raises(SystemExit) as end:
        run("--ids", "ids.txt", "--out", out)
    assert end.value.code == 130
    assert words in capsys.readouterr().out
    kept = len(list(tmp_path.glob("a/*.png"))) + len(list(tmp_path.glob("a/*/*.png")))
    run("--ids", "ids.txt", "--out", out)
    assert f"700 ids (0 repeated lines), {700 - kept} faces made" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--count", "0"], "--count must be"),
        (["--count", "many"], "--count"),
        (
            ["--ids", "ids.txt"],
            "--out must be given where there are ids, got none. Say --out FILE.zip",
        ),
        (["--ids", "none.txt", "--out", "a.zip"], "ids: none.txt cannot be read: No such file"),
        (["--ids", "none.txt", "--out", "a"], "ids: none.txt cannot be read"),
        (
            ["--ids", "none.txt", "--out", "a.npz"],
            "out must be a folder or FILE.zip where there are ids",
        ),
        (["--out", "a.jpg"], "out must be a folder, FILE.zip or FILE.npz"),
        (["--part", "1/2"], "--ids must be given where there is a part, got none. Say --ids FILE."),
        (
            ["--ids", "x", "--out", "a", "--part", "0/2"],
            "part must be K/N with K from 1 to N, such as 2/4, got '0/2'",
        ),
        (["--ids", "x", "--out", "a", "--part", "3/2"], "got '3/2'"),
        (["--ids", "x", "--out", "a", "--part", "2"], "such as 2/4, got '2'"),
        (
            ["--ids", "-", "--out", "a", "--part", "1/2"],
            "--ids, of which one part is made, must be a file, got standard input",
        ),
        (
            ["--ids", "none.txt", "--out", "a", "--part", "1/2"],
            "ids: none.txt cannot be read: No such file",
        ),
        (["--sheet", "a.jpg"], "--sheet must be a file whose name ends in .png"),
        (
            ["--out", "a", "--sheet", "./a/b/s.png"],  # it said that a exists
            "--sheet must be a file outside the folder of faces, got a/b/s.png, inside a.",
        ),
        (["--seed", "x"], "--seed"),
    ],
)
def test_a_bad_value_is_one_line_and_exit_2(tmp_path, arguments, words, capsys):
    with pytest.raises(SystemExit) as end:
        run(*arguments)
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
