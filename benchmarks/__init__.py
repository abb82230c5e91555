"""How long things take, on what, and how far that is from what the machine could do.

python -m benchmarks                   all that can be run, with one line each
python -m benchmarks.train_step        the DCGAN round: batch sizes, precisions, modes,
convolutions;
                                       with --model a100: how fast it could be there at best
python -m benchmarks.toy_step          the round of a small GAN, by rounds in a compiled call
python -m benchmarks.input_pipeline    what feeding adds to a round
python -m benchmarks.generate          faces a second, into an array and into a zip
python -m benchmarks.peers             the same rounds in other libraries, in turn in one run
python -m benchmarks.quality           recipes trained for the same minutes, judged by one judge
python -m benchmarks.growth            how time and memory grow: rounds, judges, data, runs
python -m benchmarks.compare BASE HEAD two git revisions, in turn: the ratio and its spread
python -m benchmarks.profile_step      where the time of a DCGAN round goes, layer by layer
python -m benchmarks.export_round      the compiled round as files,
which JAX runs without TensorFlow:
python benchmarks/run_exported.py DIR  checked and timed on whatever accelerator JAX sees

measure/       contestants asked in turn, measurements in processes of their own,
what a ratio is worth
contestants/   the steps that are measured: this project's, and other libraries'
limits/        what a round multiplies and moves, beside what the machine can do
step_plots     the figure of train_step
quality_plots  the figure of quality
growth_plots   the figures of growth
results/       where rows and figures go
"""

from gan_core.app import stopping

stopping.while_starting(__name__)
