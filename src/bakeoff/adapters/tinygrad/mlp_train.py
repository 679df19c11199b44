"""Perceptron trained by SGD: nn.Linear, nn.optim.SGD and TinyJit, as in tinygrad's own examples."""

from __future__ import annotations

from tinygrad import Context, Tensor, TinyJit, nn


class Perceptron:
    """Two dense layers."""

    def __init__(self, features, hidden, classes):
        self.first = nn.Linear(features, hidden)
        self.second = nn.Linear(hidden, classes)

    def __call__(self, x):
        return self.second(self.first(x).relu())


def build(spec, weights, inputs, setting):
    model = Perceptron(spec["features"], spec["hidden"], spec["classes"])
    optimizer = nn.optim.SGD(nn.state.get_parameters(model), lr=spec["lr"])
    batches = [(Tensor(batch["x"]).realize(), Tensor(batch["y"]).realize()) for batch in inputs]
    # nn.Linear keeps (out, in).
    named = {
        "w1": (model.first.weight, weights["w1"].T.copy()),
        "b1": (model.first.bias, weights["b1"]),
        "w2": (model.second.weight, weights["w2"].T.copy()),
        "b2": (model.second.bias, weights["b2"]),
    }

    @TinyJit
    @Context(TRAINING=1)
    def train_step(x, y):
        optimizer.zero_grad()
        loss = model(x).sparse_categorical_crossentropy(y).backward()
        return loss.realize(*optimizer.schedule_step())

    def step(slot):
        return {"loss": train_step(*batches[slot])}

    def reset():
        # Assigned in place: the JIT has captured these very buffers.
        Tensor.realize(*(tensor.assign(Tensor(value)) for tensor, value in named.values()))

    def read():
        return {name: tensor.T if name[0] == "w" else tensor for name, (tensor, _) in named.items()}

    reset()
    return step, reset, read
