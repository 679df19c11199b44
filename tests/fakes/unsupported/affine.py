"""y = x w + b, which it does not do."""


def build(spec, weights, inputs, setting):
    def step(slot):
        raise NotImplementedError("no matmul on this device")

    return step, lambda: None, dict
