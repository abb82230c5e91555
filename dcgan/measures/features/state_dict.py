"""The weights in a file of PyTorch's old format (up to 1.5), without PyTorch and without
unpickling.

Such a file is five pickles, then the numbers:

    a magic number, a protocol version, facts about the machine that wrote it,
    the table {name: tensor}, the keys of the storages, then each storage: its length and its bytes

Unpickling can run any code that the file asks for. So nothing is unpickled here: `pickletools`
lists the instructions, and the machine below knows the twenty-odd that a table of tensors needs.
It calls no function: the four names that a file may mention stand for data. Any other
instruction or name is refused.
"""

from __future__ import annotations

import dataclasses
import io
import os
import pickletools
import struct
from pathlib import Path
from typing import Any

import numpy as np

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
ORDERED_DICT = "collections OrderedDict"
REBUILD_TENSOR = "torch._utils _rebuild_tensor_v2"
DTYPES = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
ALLOWED = {ORDERED_DICT, REBUILD_TENSOR, *DTYPES}


@dataclasses.dataclass(frozen=True)
class _Name:
    """A name that the file mentions, one of ALLOWED. It is never looked up or called."""

    name: str


@dataclasses.dataclass(frozen=True)
class _Storage:
    """A flat array that follows after the pickles."""

    key: str
    dtype: np.dtype
    length: int


@dataclasses.dataclass(frozen=True)
class _Tensor:
    """A view of a storage: its first element, its sizes, and its steps, in elements."""

    storage: _Storage
    offset: int
    sizes: tuple
    strides: tuple


def read(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The arrays of a state dict that PyTorch saved in its old format, by name.

    Args:
        path: the file, such as `efficientnet-lite1-77cc7160.pth`.

    Returns:
        {name: array}, float32 and int64, copies that belong to the caller.

    Raises:
        ValueError: if the file is of another format, is cut short, or asks for anything but
            tensors.
    """
    name = Path(path).name
    try:
        return _arrays(io.BytesIO(Path(path).read_bytes()))
    except OSError as error:
        raise ValueError(f"state_dict: {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, IndexError, TypeError, struct.error) as error:
        raise ValueError(
            f"state_dict: {name} is no plain table of tensors in PyTorch's old format ({error}). "
            "Install the package that it comes from again."
        ) from error


def _arrays(file: io.BytesIO) -> dict[str, np.ndarray]:
    """The whole file -> {name: array}."""
    if _load(file) != MAGIC_NUMBER or _load(file) != PROTOCOL_VERSION:
        raise ValueError("it does not begin with PyTorch's magic number")
    machine = _load(file)
    if not machine["little_endian"]:
        raise ValueError("it was written on a big-endian machine")
    table = _load(file)
    tensors = {name: value for name, value in table.items() if isinstance(value, _Tensor)}
    if not tensors or len(tensors) != len(table):
        raise ValueError("its table holds other things than tensors")
    storages = {tensor.storage.key: tensor.storage for tensor in tensors.values()}
    flat = {key: _flat_array(file, storages[key]) for key in _load(file)}
    return {
        _text(name): _view(flat[tensor.storage.key], tensor) for name, tensor in tensors.items()
    }


def _flat_array(file: io.BytesIO, storage: _Storage) -> np.ndarray:
    """The next storage: eight bytes for its length, then its elements."""
    (length,) = struct.unpack("<q", file.read(8))
    if length != storage.length:
        raise ValueError(f"storage {storage.key} has {length} elements, not {storage.length}")
    content = file.read(length * storage.dtype.itemsize)
    if len(content) != length * storage.dtype.itemsize:
        raise ValueError("it is cut short")
    return np.frombuffer(content, storage.dtype)


def _view(flat: np.ndarray, tensor: _Tensor) -> np.ndarray:
    """The elements of a tensor, checked to lie within its storage, as an array of their own."""
    numbers = (tensor.offset, *tensor.sizes, *tensor.strides)
    if any(type(number) is not int or number < 0 for number in numbers):
        raise ValueError("a tensor has sizes that are no whole numbers")
    if len(tensor.sizes) != len(tensor.strides):
        raise ValueError("a tensor has more sizes than strides, or fewer")
    if 0 in tensor.sizes:
        return np.zeros(tensor.sizes, flat.dtype)
    steps = zip(tensor.sizes, tensor.strides, strict=True)
    last = tensor.offset + sum((size - 1) * stride for size, stride in steps)
    if last >= len(flat):
        raise ValueError("a tensor reaches beyond its storage")
    in_bytes = [stride * flat.itemsize for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(flat[tensor.offset :], tensor.sizes, in_bytes).copy()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a name is {value!r}, not text")
    return value


# ---- the machine: one function for each kind of instruction ----

CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
LITERALS = ("BININT", "BININT1", "BININT2", "LONG1", "BINUNICODE")
NEW = {"EMPTY_DICT": dict, "EMPTY_LIST": list}
LAST_AS_TUPLE = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Machine:
    """A stack, marks in it, and a memo of values to come back to."""

    def __init__(self) -> None:
        self.stack: list = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def step(self, instruction: str, argument: Any) -> None:
        """Carry out one instruction, or refuse it."""
        if instruction in CONSTANTS:
            self.stack.append(CONSTANTS[instruction])
        elif instruction in LITERALS:
            self.stack.append(argument)
        elif instruction in NEW:
            self.stack.append(NEW[instruction]())
        elif instruction in LAST_AS_TUPLE:
            self.stack.append(tuple(self.pop(LAST_AS_TUPLE[instruction])))
        elif instruction in INSTRUCTIONS:
            INSTRUCTIONS[instruction](self, argument)
        else:
            raise ValueError(f"the instruction {instruction} is not allowed")

    def pop(self, n: int) -> list:
        """The last n values, taken off the stack."""
        if n > len(self.stack):
            raise ValueError("its instructions do not fit together")
        start = len(self.stack) - n
        taken = self.stack[start:]
        del self.stack[start:]
        return taken

    def pop_to_mark(self) -> list:
        """All values since the last mark, taken off the stack."""
        return self.pop(len(self.stack) - self.marks.pop())

    def top(self, kind: type) -> Any:
        """The last value, which must be of this kind; it stays on the stack."""
        if not isinstance(self.stack[-1], kind):
            raise ValueError("its instructions do not fit together")
        return self.stack[-1]

    def mark(self, _: Any) -> None:
        self.marks.append(len(self.stack))

    def make_tuple(self, _: Any) -> None:
        self.stack.append(tuple(self.pop_to_mark()))

    def append_all(self, _: Any) -> None:
        values = self.pop_to_mark()
        self.top(list).extend(values)

    def set_item(self, _: Any) -> None:
        key, value = self.pop(2)
        self.top(dict)[key] = value

    def set_items(self, _: Any) -> None:
        values = self.pop_to_mark()
        self.top(dict).update(zip(values[0::2], values[1::2], strict=True))

    def remember(self, place: int) -> None:
        self.memo[place] = self.stack[-1]

    def recall(self, place: int) -> None:
        self.stack.append(self.memo[place])

    def find_name(self, name: str) -> None:
        """GLOBAL: unpickling would import this name. Here it stays a name."""
        if name not in ALLOWED:
            raise ValueError(f"{name.replace(' ', '.')} is not allowed")
        self.stack.append(_Name(name))

    def rebuild(self, _: Any) -> None:
        """REDUCE: unpickling would call a function. Here two known ones are data."""
        function, arguments = self.pop(2)
        if function == _Name(ORDERED_DICT) and arguments == ():
            self.stack.append({})
        elif function == _Name(REBUILD_TENSOR):
            storage, offset, sizes, strides = arguments[:4]
            if not isinstance(storage, _Storage):
                raise ValueError("a tensor has no storage")
            self.stack.append(_Tensor(storage, offset, tuple(sizes), tuple(strides)))
        else:
            raise ValueError("it calls something that is not allowed")

    def find_storage(self, _: Any) -> None:
        """BINPERSID: what stands outside the pickle, here ("storage", type, key, device,
        length).
        """
        (described,) = self.pop(1)
        word, kind, key, _device, length = described[:5]
        if word != "storage" or not isinstance(kind, _Name) or kind.name not in DTYPES:
            raise ValueError("it refers to something that is no storage")
        self.stack.append(_Storage(_text(key), DTYPES[kind.name], length))

    def set_attributes(self, _: Any) -> None:
        """BUILD: unpickling would set attributes. Those of a state dict (versions) are dropped."""
        self.pop(1)
        self.top(dict)


INSTRUCTIONS = {
    "MARK": _Machine.mark,
    "TUPLE": _Machine.make_tuple,
    "APPENDS": _Machine.append_all,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "BINPUT": _Machine.remember,
    "LONG_BINPUT": _Machine.remember,
    "BINGET": _Machine.recall,
    "LONG_BINGET": _Machine.recall,
    "GLOBAL": _Machine.find_name,
    "REDUCE": _Machine.rebuild,
    "BINPERSID": _Machine.find_storage,
    "BUILD": _Machine.set_attributes,
}


def _load(file: io.BytesIO) -> Any:
    """The value of the next pickle; the file then stands behind it."""
    machine = _Machine()
    for instruction, argument, _ in pickletools.genops(file):
        if instruction.name == "STOP":
            (value,) = machine.pop(1)
            return value
        if instruction.name != "PROTO":
            machine.step(instruction.name, argument)
    raise ValueError("it is cut short")
