"""y = x w + b, beside a second thread that works as hard."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

second = ThreadPoolExecutor(1)


def burn():
    # Outside of Python's global lock.
    hashlib.pbkdf2_hmac("sha256", b"", b"", 4_000)


def build(spec, weights, inputs, setting):
    w, b = weights["w"], weights["b"]

    def step(slot):
        working = second.submit(burn)
        y = inputs[slot]["x"] @ w + b
        burn()
        working.result()
        return {"y": y}

    return step, lambda: None, dict
