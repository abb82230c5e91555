"""Several processes that want one output: the right faces, or one clear line; never a mixture."""

import multiprocessing
import os
import zipfile

import pytest
import tiny_faces

from dcgan.figures import sheets
from dcgan.generation import avatars, writers
from gan_core import files

pytestmark = pytest.mark.slow

IDS = [f"player {i}" for i in range(700)]


def tree(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def at_once(function, arguments):
    """Call it in one process for each, all begun at the same moment.
    -> what each raised, or None.
    """
    context = multiprocessing.get_context("fork")
    start = context.Barrier(len(arguments))
    told = context.Queue()

    def run(number, given):
        start.wait()
        try:
            function(*given)
            told.put((number, None))
        except ValueError as error:
            told.put((number, str(error)))
        except BaseException as error:
            told.put((number, f"UNEXPECTED {type(error).__name__}: {error}"))

    running = [context.Process(target=run, args=one, daemon=True) for one in enumerate(arguments)]
    for process in running:
        process.start()
    found = dict(told.get(timeout=120) for _ in running)
    for process in running:
        process.join()
    return [found[number] for number in range(len(arguments))]


def numpy_generator():
    """Without TensorFlow, which does not survive a fork: the faces are the colours of z."""

    class Colours:
        latent_dim = 3
        labels = None

        def __call__(self, z, labels=None):
            return tiny_faces.colours(z)

    return Colours()


def one_finished_and_the_others_were_told(told):
    assert told.count(None) >= 1, told
    for words in told:
        if words is not None:
            assert "another process" in words or "exists already" in words, told
            assert "\n" not in words


@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("name", ["a", "a.zip"])
def test_one_command_several_times_gives_every_id_its_own_face(tmp_path, processes, name):
    avatars.write(IDS, numpy_generator(), tmp_path / "right" / name)
    for attempt in range(3):
        out = tmp_path / f"{attempt}" / name
        arguments = [(IDS, numpy_generator(), out)] * processes
        one_finished_and_the_others_were_told(at_once(avatars.write, arguments))
        compare(out, tmp_path / "right" / name)
        assert [entry.name for entry in out.parent.iterdir()] == [name]


@pytest.mark.slow
@pytest.mark.parametrize("processes", [2, 4])
def test_parts_into_one_folder_are_refused_but_for_one(tmp_path, processes):
    def part(k, out):
        avatars.write(IDS, numpy_generator(), out, part=(k, processes))

    for attempt in range(3):
        out = tmp_path / f"{attempt}"
        told = at_once(part, [(k, out) for k in range(1, processes + 1)])
        one_finished_and_the_others_were_told(told)
        finished = told.index(None) + 1
        assert told.count(None) == 1
        part(finished, tmp_path / f"right {attempt}")
        compare(out, tmp_path / f"right {attempt}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["faces", "faces.zip", "faces.npz"])
def test_numbered_faces_are_those_of_one_process(tmp_path, name):
    def write(seed, out):
        z = avatars.latents([f"{seed}/{i}" for i in range(300)], 3)
        writers.write(iter([tiny_faces.colours(z)]), 300, out)

    out = tmp_path / "all" / name
    told = at_once(write, [(seed, out) for seed in range(4)])
    one_finished_and_the_others_were_told(told)
    assert told.count(None) == 1
    write(told.index(None), tmp_path / "right" / name)
    compare(out, tmp_path / "right" / name)


@pytest.mark.slow
def test_a_sheet_is_one_processs_whole(tmp_path):
    def write(level):
        path = tmp_path / "sheet.png"
        with files.claimed(path):
            sheets.save(sheets.sheet(tiny_faces.colours(avatars.latents(["a"] * level, 3))), path)

    told = at_once(write, [(1,), (2,), (3,), (4,)])
    one_finished_and_the_others_were_told(told)
    assert os.listdir(tmp_path) == ["sheet.png"]


def compare(out, right):
    if out.is_dir():
        assert tree(out) == tree(right)
    else:
        assert out.read_bytes() == right.read_bytes()
        if out.suffix == ".zip":
            with zipfile.ZipFile(out) as archive:
                assert archive.testzip() is None


def test_a_place_that_is_taken_is_told_before_a_generator_is_loaded(tmp_path, monkeypatch):
    from dcgan.generation import trained_generator
    from dcgan.generation.generate import Generate, generate
    from dcgan.generation.walk import Walk, walk

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(trained_generator, "load", lambda run, **_: pytest.fail("loaded"))
    (tmp_path / "ids.txt").write_text("a\nb\n")
    for name in ("a.zip", "a.npz", "a.png", "a.gif"):
        (tmp_path / name).write_text("precious")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "holiday.jpg").write_text("precious")
    for config in (
        Generate(out="a.zip"),
        Generate(out="a.npz"),
        Generate(out="a"),
        Generate(out="new.zip", sheet="a.png"),
        Generate(ids="ids.txt", out="a.zip"),
        Generate(ids="ids.txt", out="a"),
    ):
        with pytest.raises(ValueError, match=r"exists already.*nothing was overwritten"):
            generate(config)
    for config in (Walk(out="a.png"), Walk(out="b.png", gif="a.gif")):
        with pytest.raises(ValueError, match=r"exists already.*nothing was overwritten"):
            walk(config)
    (tmp_path / "ids.txt").write_bytes(b"a\n" * 5000 + b"Ren\xe9\n")
    with pytest.raises(ValueError, match=r"line 5001 of ids.txt must be UTF-8"):
        generate(Generate(ids="ids.txt", out="b.zip"))
    assert not (tmp_path / "b.zip").exists()
