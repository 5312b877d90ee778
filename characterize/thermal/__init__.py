"""Magnets at temperature: compiled stochastic motion, write error rates, retention."""
