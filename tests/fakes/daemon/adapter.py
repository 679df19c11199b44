"""Starts a process that leaves the process group and the session, as a daemon does."""

import subprocess
import sys

import numpy as np

NAP = "import os, time; os.setsid() if os.fork() == 0 else os._exit(0); time.sleep(3600)"
subprocess.run([sys.executable, "-I", "-S", "-c", NAP], check=True)


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
