"""PyTorch's old weight format, read without unpickling: right arrays, and nothing but arrays."""

import collections
import pickle
import struct

import numpy as np
import pytest

from dcgan.measures.features import state_dict

REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"


def pickled(value):
    return pickle.dumps(value, protocol=2)


class Instructions:
    """Pickle instructions put together by hand, as PyTorch writes them."""

    def __init__(self):
        self.bytes = b"\x80\x02"

    def text(self, value):
        self.bytes += b"X" + struct.pack("<I", len(value)) + value.encode()

    def number(self, value):
        self.bytes += b"J" + struct.pack("<i", value)

    def numbers(self, values):
        self.bytes += b"("
        for value in values:
            self.number(value)
        self.bytes += b"t"

    def tensor(self, key, kind, length, offset, sizes, strides):
        self.bytes += REBUILD + b"(("
        self.text("storage")
        self.bytes += f"ctorch\n{kind}Storage\n".encode()
        self.text(key)
        self.text("cpu")
        self.number(length)
        self.bytes += b"NtQ"
        self.number(offset)
        self.numbers(sizes)
        self.numbers(strides)
        self.bytes += b"\x89ccollections\nOrderedDict\n)RtR"


def file_of(tmp_path, tensors, storages, end=b"}(X\x01\x00\x00\x00vK\x01ub.", cut=0):
    """A file with these tensors {name: (key, kind, length, offset, sizes, strides)}."""
    table = Instructions()
    table.bytes += b"ccollections\nOrderedDict\n)R("
    for name, described in tensors.items():
        table.text(name)
        table.tensor(*described)
    table.bytes += b"u" + end
    content = pickled(state_dict.MAGIC_NUMBER) + pickled(state_dict.PROTOCOL_VERSION)
    content += pickled({"protocol_version": 1001, "little_endian": True})
    content += table.bytes + pickled(list(storages))
    for array in storages.values():
        content += struct.pack("<q", array.size) + array.tobytes()
    path = tmp_path / "weights.pth"
    path.write_bytes(content[: len(content) - cut])
    return path


FLOATS = np.arange(12, dtype="<f4") / 7.0
INTEGERS = np.array([3, 2**40], "<i8")
STORAGES = {"10": FLOATS, "20": INTEGERS}
TENSORS = {
    "plain": ("10", "Float", 12, 0, [3, 4], [4, 1]),
    "transposed": ("10", "Float", 12, 0, [4, 3], [1, 4]),
    "part": ("10", "Float", 12, 5, [2], [3]),
    "scalar": ("20", "Long", 2, 1, [], []),
}


def test_tensors_are_views_of_their_storages(tmp_path):
    found = state_dict.read(file_of(tmp_path, TENSORS, STORAGES))
    assert list(found) == list(TENSORS)
    np.testing.assert_array_equal(found["plain"], FLOATS.reshape(3, 4))
    np.testing.assert_array_equal(found["transposed"], FLOATS.reshape(3, 4).T)
    np.testing.assert_array_equal(found["part"], FLOATS[[5, 8]])
    assert (found["scalar"].shape, int(found["scalar"])) == ((), 2**40)
    assert found["plain"].dtype == np.float32


@pytest.mark.parametrize(
    ("sizes", "strides", "offset", "words"),
    [
        ([3, 4], [4, 1], 1, "beyond its storage"),
        ([13], [1], 0, "beyond its storage"),
        ([2], [12], 0, "beyond its storage"),
        ([2], [-1], 3, "no whole numbers"),
        ([2, 2], [1], 0, "more sizes than strides"),
    ],
)
def test_a_tensor_beyond_its_storage_is_refused(tmp_path, sizes, strides, offset, words):
    """as_strided would read memory that belongs to others."""
    bad = {**TENSORS, "bad": ("10", "Float", 12, offset, sizes, strides)}
    with pytest.raises(ValueError, match=f"state_dict: .*{words}"):
        state_dict.read(file_of(tmp_path, bad, STORAGES))


class Evil:
    """What a general unpickler would run."""

    def __reduce__(self):
        return print, ("this must never be printed",)


@pytest.mark.parametrize(
    "content",
    [
        pickled(Evil()),
        pickle.dumps(Evil(), protocol=4),
        pickled(collections.Counter),
        b"cos\nsystem\n(X\x02\x00\x00\x00lstR.",
        b"(X\x02\x00\x00\x00lsios\nsystem\n.",
    ],
)
def test_nothing_is_called_or_imported(tmp_path, capfd, content):
    path = tmp_path / "weights.pth"
    start = pickled(state_dict.MAGIC_NUMBER) + pickled(state_dict.PROTOCOL_VERSION)
    for whole in (content, start + content, start + pickled({"little_endian": True}) + content):
        path.write_bytes(whole)
        with pytest.raises(ValueError, match="is not allowed"):
            state_dict.read(path)
    assert capfd.readouterr().out == ""


def test_an_allowed_name_is_called_with_nothing_but_a_tensors_description(tmp_path):
    """OrderedDict with arguments, or a storage's type called as a function: refused."""
    for end in (b"ccollections\nOrderedDict\n(]tR.", b"ctorch\nFloatStorage\n)R."):
        with pytest.raises(ValueError, match="calls something that is not allowed"):
            state_dict.read(file_of(tmp_path, TENSORS, STORAGES, end=end))


@pytest.mark.parametrize("cut", [1, 9, 60, 300])
def test_a_file_that_is_cut_short_is_refused_in_one_line(tmp_path, cut):
    with pytest.raises(ValueError, match="Install the package that it comes from again") as told:
        state_dict.read(file_of(tmp_path, TENSORS, STORAGES, cut=cut))
    assert "not allowed" not in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\x80\x02K\x01."])
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(ValueError, match="no plain table of tensors"):
        state_dict.read(tmp_path / "weights.pth")
    with pytest.raises(ValueError, match="cannot be read"):
        state_dict.read(tmp_path / "nowhere.pth")
