"""Published headline figures set beside what this product gives.

Each system of the papers has a module with a function `rows`; nothing is tuned to a figure.
"""
