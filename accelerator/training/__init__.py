"""Training networks that run on sub-arrays, with PyTorch (`pip install mramcim[training]`).

`graph` describes a network as steps, from a chain of layers that the cost model knows;
`quantizers` and `model` compute them with gradients; `train` fits them to a data set by a
`recipe`; `export` writes them as QONNX; `trained` goes all the way. Only the modules that
compute need PyTorch.
"""

from accelerator.training.errors import TrainingError
from accelerator.training.graph import Widths
from accelerator.training.recipe import Progress, Recipe
from accelerator.training.trained import Trained, train_network

__all__ = ["Progress", "Recipe", "Trained", "TrainingError", "Widths", "train_network"]
