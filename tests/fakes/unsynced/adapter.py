"""Hands out promises and waits for them only when they are read: `sync` returns at once."""

import numpy as np


def describe():
    return {"versions": {"numpy": np.__version__}, "build": "fake", "devices": ["cpu"]}


def device(settings):
    pass


def sync(x):
    pass


def to_numpy(x):
    return {name: value.result() for name, value in x.items()}


def memory():
    return {}
