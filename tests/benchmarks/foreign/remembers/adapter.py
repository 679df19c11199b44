"""Does what it says."""

import numpy as np


def describe():
    return {"versions": {"numpy": np.__version__}, "build": "fake", "devices": ["cpu"]}


def device(settings):
    pass


def sync(x):
    pass


def to_numpy(x):
    return {name: np.asarray(value) for name, value in x.items()}


def memory():
    return {}
