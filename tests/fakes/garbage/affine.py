"""y = x w + b, after writing garbage to every pipe."""

import os
import stat


def build(spec, weights, inputs, setting):
    w, b = weights["w"], weights["b"]

    def step(slot):
        for name in os.listdir("/dev/fd"):  # noqa: PTH208
            try:
                if int(name) > 2 and stat.S_ISFIFO(os.fstat(int(name)).st_mode):
                    os.write(int(name), b"Loading weights ... done\n")
            except OSError:
                continue
        return {"y": inputs[slot]["x"] @ w + b}

    return step, lambda: None, dict
