"""Running quantized networks as people have them, exactly, and what a run costs.

A tensor carries the grid that its values lie on (`grid`), which quantizers make (`quantizers`)
and the digital unit's operators keep or lose (`digital`). Where both operands of a layer lie on
grids, `layers` and `products` convolve their integers on sub-arrays. `network` walks the graph
of a `model`, drawing wrong senses where asked (`errors`); `operands` counts the bits that a run
met and `costing` prices them.
"""

from accelerator.inference.costing import cost_run
from accelerator.inference.errors import AndErrors
from accelerator.inference.images import InputQuantizer
from accelerator.inference.network import QuantizedNetwork
from accelerator.inference.results import NetworkRun

__all__ = ["AndErrors", "InputQuantizer", "NetworkRun", "QuantizedNetwork", "cost_run"]
