"""TensorFlow's import without Keras, which nothing here uses: a quarter of a program's start.

    with without_keras.imported():
        import tensorflow as tf

`import tensorflow` ends with an import of Keras, so that Keras can register its optimizers for
SavedModels, and Keras imports Matplotlib. TensorFlow does without where that import fails, as where
Keras is not installed. So it is made to fail meanwhile. Afterwards `import keras`, `tf.keras` and
`from tensorflow.keras import ...` find Keras as ever, for those who want it.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType

NAMES = ("keras", "tf_keras")


@contextlib.contextmanager
def imported() -> Iterator[None]:
    """Within the block, an import of Keras raises ImportError, unless it is imported already.

    Example:
        >>> with imported():
        ...     import tensorflow as tf
        >>> tf.constant(1).shape
        TensorShape([])
    """
    refusing = _Finder()
    sys.meta_path.insert(0, refusing)
    try:
        yield
    finally:
        sys.meta_path.remove(refusing)


class _Finder(importlib.abc.MetaPathFinder):
    """Says where Keras lies, because TensorFlow asks for that too, with a loader that refuses."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname not in NAMES:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None:
            spec.loader = _Loader()
        return spec


class _Loader(importlib.abc.Loader):
    """Loads nothing."""

    def exec_module(self, module: ModuleType) -> None:
        raise ImportError(f"{module.__name__} is not imported while TensorFlow starts")
