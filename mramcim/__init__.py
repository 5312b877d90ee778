"""The command `mramcim`: one module a verb, nothing else."""
