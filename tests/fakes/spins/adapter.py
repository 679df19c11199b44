"""Leaves a thread spinning that nobody asked for."""

import hashlib
import threading

import numpy as np


def spin():
    while True:
        hashlib.pbkdf2_hmac("sha256", b"", b"", 20_000)  # outside of Python's global lock


threading.Thread(target=spin, daemon=True).start()


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
