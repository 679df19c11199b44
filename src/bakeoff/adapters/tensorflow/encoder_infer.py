"""Pre-LN transformer encoder as a function of tensors, traced once."""

from __future__ import annotations

import tensorflow as tf


def build(spec, weights, inputs, setting):
    params = {name: tf.Variable(value, trainable=False) for name, value in weights.items()}
    ids = [tf.constant(batch["ids"]) for batch in inputs]

    @tf.function(jit_compile=setting == "xla")
    def forward(ids):
        hidden = tf.gather(params["token"], ids) + params["position"]
        for i in range(spec["layers"]):
            normed = layer_norm(params, f"{i}.norm1", hidden, spec["eps"])
            hidden += attention(params, i, normed, spec["heads"])
            normed = layer_norm(params, f"{i}.norm2", hidden, spec["eps"])
            up = tf.nn.gelu(dense(params, f"{i}.up", normed), approximate=False)
            hidden += dense(params, f"{i}.down", up)
        return layer_norm(params, "final.norm", hidden, spec["eps"])

    def step(slot):
        return {"hidden": forward(ids[slot])}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read


def attention(params, i, x, heads):
    """Multi-head self-attention over all positions."""
    batch, seq, width = x.shape

    def split(part):
        parted = tf.reshape(dense(params, f"{i}.{part}", x), (batch, seq, heads, width // heads))
        return tf.transpose(parted, (0, 2, 1, 3))

    scores = tf.matmul(split("query"), split("key"), transpose_b=True) * (width // heads) ** -0.5
    mixed = tf.transpose(tf.matmul(tf.nn.softmax(scores), split("value")), (0, 2, 1, 3))
    return dense(params, f"{i}.out", tf.reshape(mixed, (batch, seq, width)))


def layer_norm(params, name, x, eps):
    """Normalise the last axis, then scale and shift."""
    mean, variance = tf.nn.moments(x, axes=[-1], keepdims=True)
    scale, bias = params[f"{name}.scale"], params[f"{name}.bias"]
    return tf.nn.batch_normalization(x, mean, variance, offset=bias, scale=scale, variance_epsilon=eps)


def dense(params, name, x):
    """Affine map of the last axis: as one product of two matrices, where TensorFlow fuses the bias."""
    width = x.shape[-1]
    flat = tf.nn.bias_add(tf.matmul(tf.reshape(x, (-1, width)), params[f"{name}.weight"]), params[f"{name}.bias"])
    return tf.reshape(flat, (*x.shape[:-1], flat.shape[-1]))
