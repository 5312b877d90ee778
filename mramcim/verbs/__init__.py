"""The verbs of the command, a module each.

A verb's module has `SUMMARY` (its line in the list of verbs), `add_arguments(parser)` and
`run(arguments)`, which returns the exit code. What is slow to import is imported inside `run`.
"""
