"""Faces that are read from a file: the pages that were read do not stay with the process."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from dcgan.data.batches import face_batches
from dcgan.data.faces import Faces, split
from dcgan.data.mapped import AT_A_TIME, let_go, take
from dcgan.measures import real_sets

pytestmark = pytest.mark.slow

needs_smaps = pytest.mark.skipif(
    not Path("/proc/self/smaps").exists(), reason="only Linux tells which pages are in memory"
)
N = 4096
SHAPE = (N, 32, 32, 3)  # 12.6 MB


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "images.uint8"
    np.random.default_rng(0).integers(0, 256, SHAPE, dtype=np.uint8).tofile(path)
    return path


def mapped(path, mode="r"):
    return np.memmap(path, np.uint8, mode, shape=SHAPE)


def bytes_in_memory(path):
    """How much of a mapped file is in this process's resident set."""
    total = 0
    of_the_file = False
    for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
        if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
            of_the_file = line.endswith(str(path))
        elif of_the_file and line.startswith("Rss:"):
            total += 1024 * int(line.split()[1])
    return total


@needs_smaps
def test_pages_that_were_read_are_given_back_and_read_again(file):
    images = mapped(file)
    before = images.sum(dtype=np.int64)
    assert bytes_in_memory(file) > 0.9 * images.nbytes
    let_go(images)
    assert bytes_in_memory(file) == 0
    assert images.sum(dtype=np.int64) == before


@needs_smaps
def test_after_an_epoch_of_batches_next_to_nothing_of_the_file_is_in_memory(file):
    images = mapped(file)
    stream = iter(face_batches(images, 64).start(0))
    for _ in range(N // 64):
        next(stream)
    del stream  # nothing is read ahead any more
    let_go(images)
    assert bytes_in_memory(file) == 0


@needs_smaps
def test_faces_that_were_taken_are_those_and_leave_nothing_of_the_file_in_memory(file):
    images = mapped(file)
    rows = np.random.default_rng(1).permutation(N)[: 10 * AT_A_TIME + 3]
    taken = take(images, rows)
    assert bytes_in_memory(file) == 0
    assert type(taken) is np.ndarray
    np.testing.assert_array_equal(taken, np.array(images)[rows])
    assert len(take(images, rows[:0])) == 0


def test_pages_are_given_back_after_every_few_faces(file, monkeypatch):
    given_back = []
    monkeypatch.setattr("dcgan.data.mapped.let_go", given_back.append)
    take(mapped(file), np.arange(3 * AT_A_TIME + 1))
    assert len(given_back) == 4
    take(np.zeros(SHAPE, np.uint8)[:40], np.arange(40))
    assert len(given_back) == 4


@needs_smaps
def test_the_faces_to_judge_by_leave_nothing_of_the_file_in_memory(file):
    images = mapped(file)
    learnt, aside = split(N, 0)
    sets = real_sets.choose(images, learnt, aside, n=100, seed=0, mirrored=False)
    assert bytes_in_memory(file) == 0
    in_memory = np.array(images)
    same = real_sets.choose(in_memory, learnt, aside, n=100, seed=0, mirrored=False)
    np.testing.assert_array_equal(sets.reference, same.reference)
    np.testing.assert_array_equal(sets.others, same.others)


@needs_smaps
def test_the_checksum_reads_the_file_without_keeping_it(file):
    images = mapped(file)
    names = [f"{i}" for i in range(N)]
    from_file = Faces(images, names, []).checksum()
    assert bytes_in_memory(file) == 0
    assert from_file == Faces(np.array(images), names, []).checksum()


def test_what_was_written_through_an_array_is_not_lost(file):
    """In the mode "c" changes are in memory alone: letting go of them would undo them."""
    images = mapped(file, "c")
    images[0] = 7
    let_go(images)
    assert (images[0] == 7).all()


def test_an_array_in_memory_and_a_part_of_a_file_are_no_errors(file):
    let_go(np.zeros([2, 4, 4, 3], np.uint8))
    part = mapped(file)[100:200]
    first = part[0].copy()
    let_go(part)
    np.testing.assert_array_equal(part[0], first)


def test_a_system_without_madvise_keeps_the_pages(file, monkeypatch):
    monkeypatch.delattr("mmap.MADV_DONTNEED", raising=sys.platform == "linux")
    images = mapped(file)
    let_go(images)
    assert images.shape == SHAPE
