"""Causal decoder trained by nn.optim.AdamW under TinyJit, gradients of micro-batches accumulated by `backward`."""

from __future__ import annotations

from tinygrad import Context, Tensor, TinyJit, nn


class Block:
    """One layer: causal attention with rotary positions, and feed-forward, each behind its norm."""

    def __init__(self, spec):
        width, ffn = spec["width"], spec["ffn"]
        self.heads, self.base = spec["heads"], spec["rope_base"]
        self.norm1, self.norm2 = nn.RMSNorm(width, spec["norm_eps"]), nn.RMSNorm(width, spec["norm_eps"])
        self.query, self.key, self.value, self.out = (nn.Linear(width, width, bias=False) for _ in range(4))
        self.up, self.down = nn.Linear(width, ffn, bias=False), nn.Linear(ffn, width, bias=False)

    def attention(self, x):
        """Each position sees itself and those before."""
        batch, seq, width = x.shape
        query, key, value = (
            dense(x).reshape(batch, seq, self.heads, -1).transpose(1, 2) for dense in (self.query, self.key, self.value)
        )
        query, key = rotate(query, self.base), rotate(key, self.base)
        mixed = query.scaled_dot_product_attention(key, value, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(batch, seq, width))

    def __call__(self, x):
        x = x + self.attention(self.norm1(x))
        # The default of `gelu` is the tanh approximation.
        return (x + self.down(self.up(self.norm2(x)).gelu(approximate="none"))).contiguous()


class Decoder:
    """Embedding, blocks, final norm, and the embedding again as the head."""

    def __init__(self, spec):
        self.token = nn.Embedding(spec["vocab"], spec["width"])
        self.blocks = [Block(spec) for _ in range(spec["layers"])]
        self.norm = nn.RMSNorm(spec["width"], spec["norm_eps"])

    def __call__(self, ids):
        x = self.token(ids)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.token.weight.T


def build(spec, weights, inputs, setting):
    model = Decoder(spec)
    named = nn.state.get_state_dict(model)
    initial = {name: (named[rename(name)], value.T.copy()) for name, value in weights.items()}
    initial["token"] = (model.token.weight, weights["token"])
    betas = {"b1": spec["beta1"], "b2": spec["beta2"]}
    parameters = nn.state.get_parameters(model)
    optimizer = nn.optim.AdamW(parameters, lr=spec["lr"], **betas, eps=spec["eps"], weight_decay=spec["decay"])
    batches = [Tensor(batch["tokens"]).realize() for batch in inputs]

    @TinyJit
    @Context(TRAINING=1)
    def train_step(tokens):
        optimizer.zero_grad()
        total = 0
        for micro in tokens:
            loss = model(micro[:, :-1]).sparse_categorical_crossentropy(micro[:, 1:]) / len(tokens)
            loss.backward()
            total = total + loss.detach()
        return total.realize(*optimizer.schedule_step())

    def step(slot):
        return {"loss": train_step(batches[slot])}

    def reset():
        # Assigned in place: the JIT has captured these very buffers.
        restored = [tensor.assign(Tensor(value)) for tensor, value in initial.values()]
        zeroed = [moment.assign(moment.zeros_like()) for moment in (*optimizer.m, *optimizer.v)]
        powers = [power.assign(power.ones_like()) for power in (optimizer.b1_t, optimizer.b2_t)]
        Tensor.realize(*restored, *zeroed, *powers)

    def read():
        return {name: tensor.T if name.endswith(".weight") else tensor for name, (tensor, _) in initial.items()}

    reset()
    return step, reset, read


def rotate(x, base):
    """Rotary position: the first half of a head is paired with its second."""
    seq, size = x.shape[-2:]
    angle = Tensor.arange(seq).reshape(seq, 1) * base ** (-Tensor.arange(0, size, 2) / size)
    first, second = x.chunk(2, dim=-1)
    cos, sin = angle.cos(), angle.sin()
    return (first * cos - second * sin).cat(second * cos + first * sin, dim=-1)


def rename(name):
    """The name tinygrad gives a weight: norms call their scale `weight`; nn.Linear keeps (out, in)."""
    if name == "token":
        return "token.weight"
    name = name.replace("final.norm", "norm") if name.startswith("final") else f"blocks.{name}"
    return name.replace(".scale", ".weight")
