"""How many tensors are added at a time, in a graph as it is run."""

from tensorflow.python.eager import (
    context,
)  # what TensorFlow's optimiser made of a graph is told here alone


def addends(call) -> list[int]:
    """The number of addends of each AddN in the optimised graphs of what `call` runs."""
    context.enable_run_metadata()
    try:
        call()
        graphs = [
            run.post_optimization_graph for run in context.export_run_metadata().function_graphs
        ]
    finally:
        context.disable_run_metadata()
    nodes = []
    for graph in graphs:
        nodes += graph.node
        for function in graph.library.function:
            nodes += function.node_def
    return [_tensors_into(node) for node in nodes if node.op == "AddN"]


def _tensors_into(node) -> int:
    """How many inputs are tensors; the others, with a ^, only have to be there before."""
    return len([name for name in node.input if not name.startswith("^")])
