"""The mapping of every layer that is best for energy, latency or both within limits."""
