"""What the CPU can do is read from /proc/cpuinfo."""

import pytest
import tensorflow as tf

from gan_core.devices import instructions

OLD = "processor\t: 0\nmodel name\t: x\nflags\t\t: fpu fma avx2\nprocessor\t: 1\nflags\t: avx512_bf16\n"


@pytest.mark.parametrize(
    ("text", "slow"),
    [
        (OLD, True),
        ("flags\t\t: fpu avx2 avx512_bf16 amx_tile\n", False),
        ("flags\t\t: fpu avx512f amx_bf16\n", False),
        ("Features\t: fp asimd bf16\n", False),
        ("Features\t: fp asimd\n", True),
        ("processor\t: 0\n", False),
        ("", False),
    ],
)
def test_bfloat16_is_slow_where_no_instruction_is_listed_for_it(text, slow, tmp_path, monkeypatch):
    monkeypatch.setattr(instructions, "CPUINFO", tmp_path / "cpuinfo")
    (tmp_path / "cpuinfo").write_text(text)
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert instructions.bfloat16_is_slow() is slow


def test_it_is_not_said_of_a_system_without_cpuinfo_nor_of_a_gpu(tmp_path, monkeypatch):
    monkeypatch.setattr(instructions, "CPUINFO", tmp_path / "cpuinfo")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [])
    assert not instructions.bfloat16_is_slow()
    (tmp_path / "cpuinfo").write_text(OLD)
    assert instructions.bfloat16_is_slow()
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [kind])
    assert not instructions.bfloat16_is_slow()
