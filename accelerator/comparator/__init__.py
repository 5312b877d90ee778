"""Comparison and addition of whole numbers by row logic, and networks made of them.

Numbers stand as bit-planes in rows, one number a column. `subarray` senses and writes rows and
counts it cell by cell; `tally` counts the same of many rows at once. `comparison` tells the
larger of two numbers from the highest bit on, `addition` adds numbers and counts ones; `layer`
compares the pixels of images. `pattern` draws which pixels. How such a layer is placed and what
is expected of it unseen is in `mapping` and `expectation`.
"""
