"""How the trainer's functions are compiled: by XLA, or to a graph that adds in the order that is written.

a + b + c depends on the order in its last bit, and a round of a game grows that bit: two trainings of one
seed part after some rounds. A tape adds the gradients that reach a tensor from all its uses; in a round there
are never more than two at a time (what would have more, has its gradients written out: `batch_norm`). But the
*arithmetic optimiser* of TensorFlow's graphs joins (a + b) + c into one sum of three, where nothing else reads
a + b; and a sum of three is computed where an addend lies that nobody needs any more, beginning with that one: which
of them it is, depends on what was ready first. A DCGAN's round with R1, at width 64, compiled anew and played
from the same state while another program used the machine: 9 of 88 had other bits than the first, in the
gradient of a batch norm's gamma. Without that optimiser: none of 90.
"""

import tensorflow as tf


def compiled(function, mode: str):
    """-> the same function of tensors, traced once for every shape.

    mode: "xla", compiled whole, in the order that XLA chose when it compiled; or "graph". A graph is run
    without the arithmetic optimiser, which TensorFlow can switch for the whole process alone: so it is off
    for every other graph of this process too, from here on. (It makes a DCGAN's round no faster.)
    """
    if mode == "graph":
        tf.config.optimizer.set_experimental_options({"arithmetic_optimization": False})
    return tf.function(function, jit_compile=mode == "xla", autograph=False)
