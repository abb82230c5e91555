"""How long training steps take, and how far that is from the limits of the machine.

    python -m benchmarks                    all commands, with one line each
    python -m benchmarks.train_step         the DCGAN round: batch sizes, precisions, modes,
                                            convolutions; with --model a100: an A100's limit
    python -m benchmarks.toy_step           the round of a small GAN, by rounds in a compiled call
    python -m benchmarks.input_pipeline     how much feeding adds to a round
    python -m benchmarks.generate           faces a second, into an array and into a zip
    python -m benchmarks.peers              the same rounds in other libraries, in turn in one run
    python -m benchmarks.quality            recipes trained for the same minutes, judged alike
    python -m benchmarks.growth             how time and memory grow: rounds, judges, data, runs
    python -m benchmarks.compare BASE HEAD  two git revisions, in turn: the ratio and its spread
    python -m benchmarks.profile_step       the time of a DCGAN round, layer by layer
    python -m benchmarks.export_round       the compiled round as files for JAX, without TensorFlow
    python benchmarks/run_exported.py DIR   these files, checked and timed on JAX's accelerator

The packages and files beside these commands:

    measure/       contestants measured in turn, each in its own process; the precision of a ratio
    contestants/   the steps that are measured: this project's, and other libraries'
    limits/        operations and bytes of a round, and what the machine can do
    step_plots     the figure of train_step
    quality_plots  the figure of quality
    growth_plots   the figures of growth
    results/       where rows and figures are written
"""

from gan_core.app import stopping

stopping.while_starting(__name__)
