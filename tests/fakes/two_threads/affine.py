"""y = x w + b, beside a thread that works as hard."""

import hashlib
import threading


def burn():
    # Outside of Python's global lock.
    hashlib.pbkdf2_hmac("sha256", b"", b"", 4_000)


def build(spec, weights, inputs, setting):
    w, b = weights["w"], weights["b"]

    def step(slot):
        other = threading.Thread(target=burn)
        other.start()
        y = inputs[slot]["x"] @ w + b
        burn()
        other.join()
        return {"y": y}

    return step, lambda: None, dict
