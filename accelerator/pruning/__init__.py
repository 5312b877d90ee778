"""Structured pruning by the tiles that sub-arrays process, with ternary weights.

L. Yang, Z. He, D. Fan, "Harmonious Coexistence of Structured Weight Pruning and Ternarization
for Deep Neural Networks", AAAI 2020, 34(04), 6623-6630. `tiles` is what one sub-array holds of a
layer, `compression` how much smaller a network is without its empty tiles, `ablation` what each
step is worth on the cost model, `fpga` the same operations on an array of processing elements.
The training itself is in `accelerator.training.pruning`.
"""
