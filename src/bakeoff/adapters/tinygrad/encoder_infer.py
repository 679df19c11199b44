"""Pre-LN transformer encoder with tinygrad.nn, under TinyJit."""

from __future__ import annotations

from tinygrad import Tensor, TinyJit, nn


class Block:
    """One layer: attention and feed-forward, each behind its norm."""

    def __init__(self, width, heads, ffn, eps):
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=eps), nn.LayerNorm(width, eps=eps)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down = nn.Linear(width, ffn), nn.Linear(ffn, width)

    def attention(self, x):
        """Multi-head self-attention over all positions."""
        batch, seq, width = x.shape
        query, key, value = (
            dense(x).reshape(batch, seq, self.heads, -1).transpose(1, 2) for dense in (self.query, self.key, self.value)
        )
        mixed = query.scaled_dot_product_attention(key, value)
        return self.out(mixed.transpose(1, 2).reshape(batch, seq, width))

    def __call__(self, x):
        x = x + self.attention(self.norm1(x))
        # The default of `gelu` is the tanh approximation.
        return (x + self.down(self.up(self.norm2(x)).gelu(approximate="none"))).contiguous()


class Encoder:
    """Embeddings, blocks, final norm."""

    def __init__(self, spec):
        width = spec["width"]
        self.token = nn.Embedding(spec["vocab"], width)
        self.position = Tensor.zeros(spec["seq"], width)
        self.blocks = [Block(width, spec["heads"], spec["ffn"], spec["eps"]) for _ in range(spec["layers"])]
        self.norm = nn.LayerNorm(width, eps=spec["eps"])

    def __call__(self, ids):
        x = self.token(ids) + self.position
        for block in self.blocks:
            x = block(x)
        return self.norm(x)


def build(spec, weights, inputs, setting):
    model = Encoder(spec)
    state = dict(rename(name, value) for name, value in weights.items())
    nn.state.load_state_dict(model, state, verbose=False)
    ids = [Tensor(batch["ids"]).realize() for batch in inputs]

    @TinyJit
    def forward(ids):
        return model(ids).realize()

    def step(slot):
        return {"hidden": forward(ids[slot])}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read


def rename(name, value):
    """The name and layout tinygrad gives a weight: nn.Linear keeps (out, in), norms call their scale `weight`."""
    if name == "token":
        return "token.weight", Tensor(value)
    if name == "position":
        return name, Tensor(value)
    name = name.replace("final.norm", "norm") if name.startswith("final") else f"blocks.{name}"
    return name.replace(".scale", ".weight"), Tensor(value.T.copy())
