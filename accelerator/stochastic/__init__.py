"""Counter-based stochastic computing whose bit width falls while its transistors age.

`multiplier` is the closed form of one product, `cycles` the same cycle by cycle, `products` whole
layers of them; `fixed_point` and `network` make of a trained network one that runs on them;
`lanes` is what stands beside a sub-array and `image_cost` what an image takes there; `ladder` and
`policy` let the bit width fall over the years; `transform` is the DCT of the precursor.
"""
