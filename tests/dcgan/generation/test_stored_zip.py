"""What StoredZip writes, Python's zipfile reads; beyond the old format's limits too,
and in constant memory.
"""

import contextlib
import io
import shutil
import struct
import subprocess
import tracemalloc
import zipfile

import pytest

from dcgan.generation.stored_zip import StoredZip

pytestmark = pytest.mark.slow


def written(entries):
    file = io.BytesIO()
    with StoredZip(file) as archive:
        for name, data in entries.items():
            archive.add(name, data)
    return file.getvalue()


ENTRIES = {"a.png": b"\0\1\2", "deep/down/b.txt": b"", "ünïcode 名.png": bytes(range(256)) * 50}


def test_every_entry_comes_back_with_its_name_and_checksum():
    with zipfile.ZipFile(io.BytesIO(written(ENTRIES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == ENTRIES
        assert all(entry.compress_type == zipfile.ZIP_STORED for entry in archive.infolist())


def test_a_zip_without_entries_is_one_too():
    assert zipfile.ZipFile(io.BytesIO(written({}))).namelist() == []


def test_the_same_entries_give_the_same_bytes():
    assert written(ENTRIES) == written(ENTRIES)


def test_another_program_finds_no_fault(tmp_path):
    if shutil.which("unzip") is None:
        pytest.skip("no unzip here")
    (tmp_path / "a.zip").write_bytes(written(ENTRIES))
    told = subprocess.run(
        ["unzip", "-t", "a.zip"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert "No errors" in told.stdout


def test_an_entry_from_a_file_is_read_from_its_start():
    source = io.BytesIO(b"x" * 3_000_000)
    file = io.BytesIO()
    source.seek(7)
    with StoredZip(file) as archive:
        archive.add_file("x", source)
        archive.add("y", b"y")
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert archive.read("x") == source.getvalue()
        assert archive.read("y") == b"y"


@pytest.mark.parametrize("count", [65_534, 65_536])
def test_more_entries_than_16_bits_count(count):
    file = io.BytesIO()
    with StoredZip(file) as archive:
        for i in range(count):
            archive.add(str(i), b"")
    with zipfile.ZipFile(file) as archive:
        assert len(archive.namelist()) == count
        assert archive.namelist()[-1] == str(count - 1)
    end = file.getvalue()[-98:]  # zipfile does not look at the numbers of entries, others do
    assert end[-14:-10] == struct.pack("<HH", *[min(count, 65_535)] * 2)
    assert end.startswith(b"PK\6\6") == (count >= 65_535)
    assert count < 65_535 or end[24:40] == struct.pack("<QQ", count, count)


@pytest.mark.parametrize("start", [2**32 - 40, 2**32 - 1, 2**32 + 5])
def test_entries_and_directory_beyond_4_gb(tmp_path, start):
    """A file with a hole of 4 GB in front, which takes no room on the disk."""
    with open(tmp_path / "far.zip", "wb") as file:
        file.seek(start)
        with StoredZip(file, tmp_path) as archive:
            archive.add("near", b"1234")
            archive.add("far", b"56789")
    with zipfile.ZipFile(tmp_path / "far.zip") as archive:
        assert (archive.read("near"), archive.read("far")) == (b"1234", b"56789")


def test_memory_does_not_grow_with_the_entries(tmp_path):
    def peak(count):
        tracemalloc.start()
        with open(tmp_path / f"{count}.zip", "wb") as file, StoredZip(file) as archive:
            for i in range(count):
                archive.add(f"name of entry {i:09d}", b"x")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(10)  # what is imported or cached once
    assert peak(20_000) < peak(5_000) + 200_000  # zipfile would need 9 MB more


def test_a_failure_in_between_leaves_no_zip():
    file = io.BytesIO()
    with contextlib.suppress(RuntimeError), StoredZip(file) as archive:
        archive.add("a", b"1")
        raise RuntimeError
    assert file.getvalue()
    assert not zipfile.is_zipfile(file)
