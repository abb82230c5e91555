"""A graph adds two tensors at a time: a sum of three has bits that depend on which of them is ready
first.
"""

import threading

import pytest
import tensorflow as tf
from graph_sums import addends
from tensorflow.python.platform import tf_logging

from dcgan import training
from dcgan.config import Config
from gan_core import rng
from gan_core.devices import compiling
from gan_core.devices.compiling import compiled

pytestmark = pytest.mark.slow


def test_a_function_knows_while_it_is_traced_whether_xla_compiles_it():
    def known(x):
        seen.append(compiling.is_for_xla())
        return x

    one = tf.constant(1.0)
    seen: list[bool] = []
    known(one)
    compiled(known, "graph")(one)
    assert seen == [False, False]
    compiled(known, "xla")(one)
    compiled(lambda x: compiled(known, "graph")(x), "xla")(one)  # a graph within XLA's
    compiled(lambda x: tf.while_loop(lambda x: x < 2.0, lambda x: known(x) + 1.0, [x]), "xla")(one)
    assert seen[2:]
    assert all(seen[2:])


def sum_of_three(a, b, c):
    return tf.add_n([tf.add_n([a, b]), c])


def numbers():
    return [rng.normal([50], rng.seed(0, "addends", i)) for i in range(3)]


@pytest.fixture(scope="module")
def sums_and_options():
    """The sums of a round, and the options of the process from before and from after it."""
    before = tf.config.optimizer.get_experimental_options()
    sums = sums_of_a_round()
    return sums, before, tf.config.optimizer.get_experimental_options()


def sums_of_a_round() -> list[int]:
    """How many tensors each sum adds in a round of a DCGAN with R1 and augmentation."""
    trainer = training.build(Config(size=32, width=2, latent_dim=3, batch_size=4, mode="graph"))
    assert trainer.penalties
    assert trainer.augment is not None
    return addends(
        lambda: trainer.round(rng.uniform([4, 32, 32, 3], rng.seed(0, "real"), -1.0, 1.0))
    )


def test_a_round_of_a_dcgan_adds_two_tensors_at_a_time(sums_and_options):
    """Left to TensorFlow's optimiser, eight of its sums are of three.
    (On several devices: test_replicas.)
    """
    sums, _, _ = sums_and_options
    assert len(sums) > 10
    assert max(sums) == 2


def test_left_to_tensorflows_optimiser_some_sums_of_a_round_are_of_three(monkeypatch):
    """So that the test above cannot pass because it looks at the wrong graph."""
    monkeypatch.setattr(compiling, "_switched_off", lambda serialized: _parsed(serialized))
    assert max(sums_of_a_round()) > 2


def _parsed(serialized):
    return compiling.config_pb2.ConfigProto.FromString(serialized)


@pytest.mark.parametrize("mode", ["graph", "xla"])
def test_a_compiled_function_is_the_same_function(mode):
    function = compiled(lambda x, y: tf.tanh(x) + 2 * y, mode)
    x = rng.normal([5], rng.seed(0, "x"))
    y = rng.normal([5], rng.seed(0, "y"))
    tf.debugging.assert_near(function(x, y), tf.tanh(x) + 2 * y)
    assert function.experimental_get_tracing_count() == 1
    if mode == "xla":
        assert "tanh" in function.experimental_get_compiler_ir(x, y)()
    else:
        with pytest.raises(ValueError, match="jit_compile"):
            function.experimental_get_compiler_ir(x, y)


# ---- nothing outside sees it ----


def test_a_graph_of_ones_own_is_optimised_as_ever_after_a_trainer_was_made_and_played(
    sums_and_options,
):
    """Its sum of three is joined, and the options of the process are those from before."""
    sums, before, after = sums_and_options
    assert max(sums) == 2
    assert after == before
    assert addends(lambda: tf.function(sum_of_three)(*numbers())) == [3]


def test_ones_own_options_hold_within_a_graph_and_after_it():
    """What a user switched off stays off in our graphs, and in theirs;
    and what they switch later counts.
    """
    before = tf.config.optimizer.get_experimental_options()
    seen = []

    def function(x):
        seen.append(tf.config.optimizer.get_experimental_options())
        return x + 1.0

    try:
        tf.config.optimizer.set_experimental_options({"constant_folding": False})
        compiled(function, "graph")(tf.ones([2]))
        assert seen[0] == tf.config.optimizer.get_experimental_options()
        assert seen[0]["constant_folding"] is False
        parsed = _parsed(compiling.context.context().function_call_options.config_proto_serialized)
        rewrites = parsed.graph_options.rewrite_options
        assert rewrites.constant_folding == compiling.rewriter_config_pb2.RewriterConfig.OFF
        assert rewrites.arithmetic_optimization != compiling.rewriter_config_pb2.RewriterConfig.OFF
    finally:
        tf.config.optimizer.set_experimental_options({"constant_folding": True})
    assert before.get("constant_folding", True) is True


def test_options_set_while_a_graph_is_traced_are_kept():
    def function(x):
        tf.config.optimizer.set_experimental_options({"remapping": True})
        return x + 1.0

    compiled(function, "graph")(tf.ones([2]))
    parsed = _parsed(compiling.context.context().function_call_options.config_proto_serialized)
    assert parsed.graph_options.rewrite_options.arithmetic_optimization != (
        compiling.rewriter_config_pb2.RewriterConfig.OFF
    )


def test_an_error_in_a_graph_leaves_the_options_as_they_were():
    def function(x):
        raise RuntimeError("a slip")

    with pytest.raises(RuntimeError, match="a slip"):
        compiled(function, "graph")(tf.ones([2]))
    assert addends(lambda: tf.function(sum_of_three)(*numbers())) == [3]


def test_a_graph_adds_two_at_a_time_in_every_thread_and_another_thread_is_left_alone():
    ours = compiled(sum_of_three, "graph")
    theirs = tf.function(sum_of_three)
    found = []

    def in_a_thread():
        found.append(addends(lambda: ours(*numbers())))

    thread = threading.Thread(target=in_a_thread)
    thread.start()
    thread.join()
    assert found == [[2, 2]]
    assert addends(lambda: theirs(*numbers())) == [3]
    assert addends(lambda: ours(tf.ones([3]), tf.ones([3]), tf.ones([3]))) == [2, 2]


def test_within_a_graph_of_ones_own_the_outer_graph_decides():
    """A compiled function that is called while another graph is traced becomes a part of that
    graph.
    """
    ours = compiled(sum_of_three, "graph")
    outer = compiled(lambda *x: ours(*x) + 1.0, "graph")
    assert addends(lambda: outer(*numbers())) == [2, 2]


class Doubler:
    def double(self, x):
        return 2 * x


def test_each_compiled_function_is_counted_by_itself_where_tracing_is_warned_of(monkeypatch):
    """Else TensorFlow warns whoever makes several trainers in one process."""
    warned = []
    monkeypatch.setattr(tf_logging, "warning", lambda words, *_: warned.append(words))
    for mode in ("graph", "xla"):
        for _ in range(8):
            assert float(compiled(Doubler().double, mode)(tf.constant(3.0))) == 6.0
    assert warned == []
    for _ in range(8):  # so that this test cannot pass because it listens in the wrong place
        tf.function(Doubler().double)(tf.constant(3.0))
    assert any("retracing" in words for words in warned)
