"""Exact integer convolution computed bit by bit.

An integer operand is a weighted sum of bit-planes, so a product of two operands
is a weighted sum of bit-counts of ANDs:

    sum_i a_i w_i = sum_m sum_k alpha_m beta_k bitcount(and(plane_m(a), plane_k(w)))

plus a constant for encodings whose all-zero code is not the integer zero. The
modules, in the order in which a convolution meets them:

- `encodings` what a code means, `geometry` shapes, `weights` packing once;
- `convolution` the entry and the choice among four exact paths: `bit_serial`,
  `byte_products`, `matrix_product` and `direct` (with its kernel, `shifting`);
- `packing`, `placement`, `execution`, `threads` prepare and start the first two,
  which share `blocks` (the loops over tiles, patches and kernels), `multiplication`
  (a block in registers) and `vectors` (pieces of LLVM);
- `counts` the operations that an array would execute.
"""
