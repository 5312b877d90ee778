"""Analog RRAM crossbars with converters, on the same networks and operation counts as ours."""
