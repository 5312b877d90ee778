"""Networks whose width is chosen while they run: one mapped set of weights, its first channels.

S. Yang, S. Angizi, D. Fan, ASP-DAC 2020, on our table and accelerator. `narrowing` makes the
layers of a width, `networks` the QONNX of a width out of a trained file that holds all widths,
`costing` what a width costs on the chip that holds the widest, `study` the tables.
"""
