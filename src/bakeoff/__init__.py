"""bakeoff: choose a machine-learning stack by measurement."""

__version__ = "0.1.0"
