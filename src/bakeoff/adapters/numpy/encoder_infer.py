"""Pre-LN transformer encoder in NumPy: one product for queries, keys and values, in-place arithmetic elsewhere."""

from __future__ import annotations

import math

import numpy as np

# erf(x) = x P(x^2) / Q(x^2) on [-4, 4], 1 in float32 beyond; fitted for this file by reweighted least squares on
# math.erf. Largest absolute error 4e-7, root mean square 9e-8: tests/contract/test_oracle.py measures it.
_P = (1.91101953e-08, -1.94225471e-06, 0.000147282742, 0.00399050919, 0.0515247599, 0.207124514, 1.12837909)
_Q = (0.00102108965, 0.0149579762, 0.117970416, 0.51689057, 1.0)


def build(spec, weights, inputs, setting):
    heads, head_width = spec["heads"], spec["width"] // spec["heads"]
    eps = np.float32(spec["eps"])
    layers = [_layer(weights, i, head_width) for i in range(spec["layers"])]

    def attention(layer, x):
        batch, seq, width = x.shape
        qkv = (x @ layer["qkv.weight"] + layer["qkv.bias"]).reshape(batch, seq, 3, heads, head_width)
        query, key, value = qkv.transpose(2, 0, 3, 1, 4)
        mixed = softmax(query @ key.swapaxes(-1, -2)) @ value
        return mixed.swapaxes(1, 2).reshape(batch, seq, width) @ layer["out.weight"] + layer["out.bias"]

    def feed_forward(layer, x):
        return gelu(x @ layer["up.weight"] + layer["up.bias"]) @ layer["down.weight"] + layer["down.bias"]

    def step(slot):
        hidden = weights["token"][inputs[slot]["ids"]] + weights["position"]
        for layer in layers:
            hidden += attention(layer, layer_norm(hidden, layer["norm1.scale"], layer["norm1.bias"], eps))
            hidden += feed_forward(layer, layer_norm(hidden, layer["norm2.scale"], layer["norm2.bias"], eps))
        return {"hidden": layer_norm(hidden, weights["final.norm.scale"], weights["final.norm.bias"], eps)}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read


def layer_norm(x, scale, bias, eps):
    """Normalise the last axis by its biased variance, then scale and shift."""
    x = x - x.mean(axis=-1, keepdims=True)
    x /= np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + eps)
    x *= scale
    x += bias
    return x


def softmax(x):
    """Softmax of the last axis, in place."""
    x -= x.max(axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x


def gelu(x):
    """Exact GELU: half of x times one plus the error function."""
    y = erf(x * np.float32(math.sqrt(0.5)))
    y += 1
    y *= x
    y *= np.float32(0.5)
    return y


def erf(x):
    """Error function of float32, in passes over the array: NumPy has none of its own."""
    x = np.clip(x, -4, 4)
    square = x * x
    return x * _polynomial(_P, square) / _polynomial(_Q, square)


def _polynomial(coefficients, x):
    """Horner's rule, in place."""
    y = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        y *= x
        y += np.float32(c)
    return y


def _layer(weights, i, head_width):
    """The weights of layer i, with query (already divided by sqrt(head width)), key and value side by side."""
    own = {name.partition(".")[2]: value for name, value in weights.items() if name.startswith(f"{i}.")}
    scale = np.float32(1 / math.sqrt(head_width))
    for kind in ("weight", "bias"):
        parts = [own[f"query.{kind}"] * scale, own[f"key.{kind}"], own[f"value.{kind}"]]
        own[f"qkv.{kind}"] = np.concatenate(parts, axis=-1)
    return own
