"""Every id has its own face, the same one for ever: in any block, order, process or run."""

import csv
import io
import itertools
import resource
import sys
import tempfile
import tracemalloc
import types
import urllib.parse
import zipfile

import numpy as np
import pytest
import tiny_faces
from hypothesis import assume, example, given
from hypothesis import strategies as st
from PIL import Image

from dcgan.generation import avatars, trained_generator, writers
from dcgan.generation import ids as id_lists
from gan_core import files

pytestmark = pytest.mark.slow

IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100).filter(
    lambda text: text.strip() == text and not set(text) & set("\r\n")
)
SEEDS = st.integers(-(2**63), 2**63 - 1)


def ids_of(n):
    return [f"player {i}" for i in range(n)]


def pixels(data):
    return np.asarray(Image.open(io.BytesIO(data)))


def tree(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def inside(file):
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in sorted(archive.namelist())}


# ---- from an id to z


def test_an_ids_z_is_the_same_for_ever():
    """Written down once. If this fails, every player's face has changed."""
    z = avatars.latents(["anna", "player 7"], 5)
    np.testing.assert_allclose(z, FOR_EVER, rtol=1e-6)
    assert z.dtype == np.float32


FOR_EVER = [
    [0.14685762, 0.19936943, 0.4993016, 0.014629635, 1.3303828],
    [0.23070428, -0.4314272, 0.6810167, 0.20019288, -0.10262445],
]


@given(ids=st.lists(IDS, min_size=1, max_size=20), dim=st.sampled_from([1, 4, 7]), seed=SEEDS)
def test_an_ids_z_does_not_depend_on_its_neighbours(ids, dim, seed):
    together = avatars.latents(ids, dim, seed)
    assert together.shape == (len(ids), dim)
    np.testing.assert_array_equal(
        together, np.concatenate([avatars.latents([one], dim, seed) for one in ids])
    )


@given(a=IDS, b=IDS)
def test_other_ids_and_other_seeds_have_other_z(a, b):
    assume(a != b)
    assert not np.isclose(avatars.latents([a], 8), avatars.latents([b], 8)).any()
    assert not np.isclose(avatars.latents([a], 8, 0), avatars.latents([a], 8, 1)).any()


def test_all_z_together_are_the_prior():
    z = avatars.latents(ids_of(20_000), 5)
    np.testing.assert_allclose(np.corrcoef(z.T), np.eye(5), atol=0.03)
    for column in z.T:
        np.testing.assert_allclose(
            np.quantile(column, [0.1587, 0.5, 0.8413]), [-1.0, 0.0, 1.0], atol=0.04
        )
        np.testing.assert_allclose(np.quantile(column, [0.001, 0.999]), [-3.09, 3.09], atol=0.3)
    assert np.isfinite(z).all()


# ---- which ids


def read(data, tmp_path):
    (tmp_path / "ids").write_bytes(data)
    return list(id_lists.read_ids(tmp_path / "ids"))


@pytest.mark.parametrize(
    ("data", "ids"),
    [
        (b"a\nb\n", ["a", "b"]),
        (b"a\r\nb", ["a", "b"]),
        (b"\xef\xbb\xbfa\n\n \n b \n", ["a", "b"]),
        (b"", []),
        (b"\n", []),
        ("é 名\u2028x\n../etc\n".encode(), ["é 名\u2028x", "../etc"]),
        (b"x" * 1000 + b"\r\ny", ["x" * 1000, "y"]),
    ],
)
def test_an_id_a_line(tmp_path, data, ids):
    assert read(data, tmp_path) == ids


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"a\nb\xe9\n", "line 2 of .* must be UTF-8 text, got the byte 0xe9 as character 2"),
        (
            b"a\n" + b"x" * 1001 + b"\n",
            "line 2 of .* must be an id of at most 1,000 characters, got a longer one",
        ),
        (b"x" * 100_000, "line 1 of"),
    ],
)
def test_what_is_no_id_is_one_clear_line(tmp_path, data, words):
    with pytest.raises(ValueError, match=f"ids: .*{words}"):
        read(data, tmp_path)


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path):
    for nothing in (tmp_path, tmp_path / "none"):
        with pytest.raises(ValueError, match=r"ids: .* cannot be read: .* or - for standard input"):
            list(id_lists.read_ids(nothing))


def test_standard_input_is_read_and_left_open(monkeypatch):
    source = io.BytesIO(b"a\nb\n")
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=source))
    assert list(id_lists.read_ids("-")) == ["a", "b"]
    assert not source.closed


def test_a_closed_standard_input_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)  # as Python has it after `command <&-`
    with pytest.raises(ValueError, match=r"ids: - cannot be read: standard input is closed\. Give"):
        list(id_lists.read_ids("-"))


@given(ids=st.lists(IDS))
@example(ids=["Bob", "bob", "Bob", "bob\u0301"])
def test_only_the_first_of_equal_ids_passes_and_the_order_stays(ids):
    distinct = list(dict.fromkeys(ids))
    if not ids:
        return
    with id_lists.Ids(ids) as kept:
        assert list(kept) == distinct
        assert (kept.count, kept.lines, kept.repeated) == (
            len(distinct),
            len(ids),
            len(ids) - len(distinct),
        )


# ---- where a face lies


@given(one=IDS)
@example(one="..")
@example(one=".hidden")
@example(one="con")
@example(one="Com1.tar")
@example(one='a/b\\c:d*?"<>|\0')
@example(one="~%41.png")
def test_a_name_is_safe_on_every_disk_and_tells_the_id(one):
    folder, name = avatars.file_name(one).split("/")
    assert len(folder) == 2
    assert len(name) <= 204
    assert not name.startswith(".")
    assert name.split(".")[0].upper() not in {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "COM1",
        "COM9",
        "LPT1",
        "LPT9",
    }  # Windows
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-~%")
    if "%~" not in name:
        assert urllib.parse.unquote(name.removesuffix(".png")) == one


@given(ids=st.sets(IDS, min_size=2, max_size=20))
@example(ids={"%41", "A", "%2541"})
@example(ids={"x" * 150, "x" * 400, "x" * 401, "x" * 166 + "%~" + "0" * 32})
def test_two_ids_never_share_a_name(ids):
    assert len({avatars.file_name(one) for one in ids}) == len(ids)


# ---- all of it


@pytest.fixture
def generator():
    return tiny_faces.known()


def test_a_zip_has_every_ids_face_and_an_index(tmp_path, generator):
    ids = ["anna", "名 前", "../x", *ids_of(600)]
    done = avatars.write(iter(ids), generator, tmp_path / "new" / "a.zip", seed=3)
    assert done == avatars.Written(ids=603, repeated=0, made=603)
    files = inside(tmp_path / "new" / "a.zip")
    rows = list(csv.DictReader(io.StringIO(files.pop("index.csv").decode(), newline="")))
    assert [row["id"] for row in rows] == ids
    assert sorted(files) == sorted(row["file"] for row in rows)
    faces = tiny_faces.colours(avatars.latents(ids, 3, seed=3))
    np.testing.assert_array_equal([pixels(files[row["file"]]) for row in rows], faces)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.zip"]


@pytest.mark.parametrize("name", ["a.zip", "a"])
def test_what_is_temporary_lies_beside_the_output_and_needs_no_room_elsewhere(
    tmp_path, generator, monkeypatch, name
):
    """The system's folder for temporary files is small on some machines, or full."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))  # nothing can be made there
    monkeypatch.setenv("SQLITE_TMPDIR", str(tmp_path / "full"))
    out = tmp_path / "out" / name
    done = avatars.write(ids_of(600), generator, out, part=(1, 2))
    assert (done.ids, done.made) == (300, 300)
    assert [p.name for p in out.parent.iterdir()] == [name]


def test_a_list_that_the_disk_has_no_room_for_is_one_clear_line(tmp_path):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    words = f"the list cannot be kept in {tmp_path} meanwhile: .*Make room there"
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
    try:
        with pytest.raises(ValueError, match=words) as told:
            id_lists.Ids((f"player {'x' * 200} {i}" for i in range(50_000)), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_a_list_that_the_disk_loses_is_one_clear_line(tmp_path):
    with id_lists.Ids(ids_of(10), tmp_path) as ids:
        ids._database.execute("DROP TABLE ids")
        with pytest.raises(ValueError, match=rf"cannot be kept in {tmp_path} meanwhile"):
            list(ids)


def test_a_folder_has_the_same(tmp_path, generator):
    avatars.write(ids_of(300), generator, tmp_path / "a.zip")
    avatars.write(ids_of(300), generator, tmp_path / "a")
    assert tree(tmp_path / "a") == inside(tmp_path / "a.zip")


def test_the_order_and_the_split_over_processes_do_not_matter(tmp_path):
    """With a real network, whose batches are filled with other ids each time."""
    generator = trained_generator.of_network(tiny_faces.network(), 7, 32)
    ids = ids_of(150)
    avatars.write(ids, generator, tmp_path / "all.zip")
    avatars.write(ids[:41], generator, tmp_path / "first.zip")
    avatars.write(reversed(ids[41:]), generator, tmp_path / "rest.zip")
    whole, *parts = (inside(tmp_path / f"{name}.zip") for name in ("all", "first", "rest"))
    for found in (whole, *parts):
        del found["index.csv"]
    assert len(set(whole.values())) == 150
    assert parts[0] | parts[1] == whole


def test_a_repeated_id_is_there_once(tmp_path, generator):
    ids = ids_of(300)
    done = avatars.write([*ids, *ids[::-1], "new"], generator, tmp_path / "a.zip")
    assert done == avatars.Written(ids=301, repeated=300, made=301)
    avatars.write([*ids, "new"], generator, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


class Stopping:
    """A generator that is interrupted at its n-th call."""

    def __init__(self, calls):
        self.calls = calls
        self.latent_dim = 3
        self.inner = tiny_faces.known()
        self.labels = None

    def __call__(self, z, labels=None):
        self.calls -= 1
        if self.calls < 0:
            raise KeyboardInterrupt
        return self.inner(z, labels)


def test_a_folder_that_was_stopped_is_gone_on_with(tmp_path, generator, monkeypatch):
    monkeypatch.setattr(writers, "MOST_THREADS", 1)  # or the third block may come before the second
    ids = ids_of(700)
    with pytest.raises(KeyboardInterrupt):
        avatars.write(ids, Stopping(3), tmp_path / "a")  # one call finds out which generator it is
    there = tree(tmp_path / "a")
    assert sum(name.endswith(".png") for name in there) == 512
    assert "index.csv" not in there
    half = next(name for name in there if name.endswith(".png"))
    (tmp_path / "a" / half).rename(
        tmp_path / "a" / half.split("/")[0] / ".unfinished"
    )  # killed within a file
    empty = next(name for name in there if name.endswith(".png") and name != half)
    (tmp_path / "a" / empty).write_bytes(b"")  # what a power cut can leave
    assert avatars.write(ids, generator, tmp_path / "a") == avatars.Written(
        ids=700, repeated=0, made=190
    )
    avatars.write(ids, generator, tmp_path / "b")
    files = tree(tmp_path / "a")
    files.pop(half.split("/")[0] + "/.unfinished", None)
    assert files == tree(tmp_path / "b")


def test_a_zip_that_was_stopped_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        avatars.write(ids_of(700), Stopping(2), tmp_path / "a.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_another_seed_or_generator_or_of_anything_else_is_left_alone(
    tmp_path, generator
):
    with pytest.raises(KeyboardInterrupt):
        avatars.write(ids_of(700), Stopping(2), tmp_path / "a")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "holiday.jpg").write_text("precious")
    before = tree(tmp_path)
    other = trained_generator.Generator(lambda z: 255 - generator.function(z), 3, 4, "other")
    for folder, with_this, seed in (("a", generator, 1), ("a", other, 0), ("photos", generator, 0)):
        with pytest.raises(ValueError, match=rf"{folder}.* nothing was overwritten"):
            avatars.write(ids_of(700), with_this, tmp_path / folder, seed)
    assert tree(tmp_path) == before
    avatars.write(ids_of(700), generator, tmp_path / "a")
    with pytest.raises(ValueError, match="a exists already"):  # a finished one
        avatars.write(ids_of(701), generator, tmp_path / "a")


@pytest.mark.parametrize("name", ["a", "a.zip"])
def test_no_ids_are_one_clear_line(tmp_path, generator, name):
    with pytest.raises(ValueError, match="ids: the list of ids must be at least one id, got none"):
        avatars.write([], generator, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "a.zip"])
def test_a_full_disk_is_one_clear_line(tmp_path, generator, name):
    """The kernel refuses files of more than 3,000 bytes."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    kept = id_lists.Ids(ids_of(700))
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, limits[1]))
    try:
        with pytest.raises(
            ValueError, match=rf"{name}.* cannot be written: File too large\. Make room"
        ):
            avatars.write(kept, generator, tmp_path / name)
        with pytest.raises(ValueError, match=r"ids: the list cannot be kept in .*Make room there"):
            id_lists.Ids(ids_of(700), tmp_path)
    finally:
        kept.close()
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not (tmp_path / "a.zip").exists()
    if name == "a":
        assert avatars.write(ids_of(700), generator, tmp_path / name).ids == 700


def test_an_array_is_refused(tmp_path, generator):
    with pytest.raises(
        ValueError, match=r"out must be a folder or FILE\.zip where there are ids, got .*\.npz"
    ):
        avatars.write(["a"], generator, tmp_path / "a.npz")


def test_memory_does_not_grow_with_the_ids(tmp_path, generator, monkeypatch):
    monkeypatch.setattr(
        avatars.png, "encode", lambda images: [b""] * len(images)
    )  # sooner done; pictures go block by block

    def peak(n):
        tracemalloc.start()
        avatars.write((f"{i:0100d}" for i in range(n)), generator, tmp_path / f"{n}.zip")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(256)
    assert peak(20 * 256) < peak(2 * 256) + 500_000  # a list of the ids alone would be 690 kB more


def test_on_a_disk_that_ignores_capitals_no_id_gets_anothers_face(tmp_path, generator, monkeypatch):
    """Two names that differ by capitals alone, and lie in the same one of the 256 folders."""
    spellings = [
        "".join(one) for one in itertools.product(*zip("annabellax", "ANNABELLAX", strict=True))
    ]
    names = {}
    for one in spellings:
        names.setdefault(avatars.file_name(one).lower(), []).append(one)
    clash = next(group[:2] for group in names.values() if len(group) > 1)
    apart = [group[0] for group in names.values()][:5]
    written = avatars.write([*clash, "bob"], generator, tmp_path / "here")
    assert written.made == 3
    monkeypatch.setattr(files, "distinguishes_case", lambda folder: False)
    with pytest.raises(ValueError, match=r"no two have one file name.*--out FILE.zip") as told:
        avatars.write([*clash, "bob"], generator, tmp_path / "there")
    assert repr(clash[0]) in str(told.value)
    assert repr(clash[1]) in str(told.value)
    assert not (tmp_path / "there").exists()
    assert avatars.write([*apart, "bob"], generator, tmp_path / "apart").made == 6
    assert avatars.write([*clash, "bob"], generator, tmp_path / "all.zip").made == 3
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert {avatars.file_name(one) for one in clash} < set(archive.namelist())
