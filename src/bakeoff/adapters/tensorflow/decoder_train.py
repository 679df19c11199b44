"""Causal decoder trained by AdamW: variables, GradientTape, and the whole step in one tf.function."""

from __future__ import annotations

import tensorflow as tf


def build(spec, weights, inputs, setting):
    params = {name: tf.Variable(value) for name, value in weights.items()}
    initial = {name: tf.constant(value) for name, value in weights.items()}
    means = {name: tf.Variable(tf.zeros_like(value)) for name, value in initial.items()}
    squares = {name: tf.Variable(tf.zeros_like(value)) for name, value in initial.items()}
    taken = tf.Variable(0.0)
    batches = [tf.constant(batch["tokens"]) for batch in inputs]
    beta1, beta2 = spec["beta1"], spec["beta2"]

    def loss_and_gradients(tokens):
        with tf.GradientTape() as tape:
            logits = decode(params, tokens[:, :-1], spec)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tokens[:, 1:], logits=logits)
            loss = tf.reduce_mean(losses)
        return loss, tape.gradient(loss, params)

    @tf.function(jit_compile=setting == "xla")
    def train_step(tokens):
        parts = [loss_and_gradients(micro) for micro in tf.unstack(tokens)]
        taken.assign_add(1.0)
        correct1, correct2 = 1 - beta1**taken, 1 - beta2**taken
        for name, param in params.items():
            # The lookup's share of the embedding's gradient arrives as slices.
            gradient = tf.add_n([tf.convert_to_tensor(part[name]) for _, part in parts]) / len(parts)
            mean = means[name].assign(beta1 * means[name] + (1 - beta1) * gradient)
            square = squares[name].assign(beta2 * squares[name] + (1 - beta2) * gradient * gradient)
            kept = param * (1 - spec["lr"] * spec["decay"])
            param.assign(kept - spec["lr"] * (mean / correct1) / (tf.sqrt(square / correct2) + spec["eps"]))
        return tf.add_n([loss for loss, _ in parts]) / len(parts)

    def step(slot):
        return {"loss": train_step(batches[slot])}

    def reset():
        taken.assign(0.0)
        for name, value in initial.items():
            params[name].assign(value)
            means[name].assign(tf.zeros_like(value))
            squares[name].assign(tf.zeros_like(value))

    def read():
        return {name: param.read_value() for name, param in params.items()}

    return step, reset, read


def decode(params, ids, spec):
    """Logits of the next token at every position."""
    hidden = tf.gather(params["token"], ids)
    for i in range(spec["layers"]):
        hidden += attention(params, i, rms_norm(hidden, params[f"{i}.norm1.scale"], spec), spec)
        up = dense(params, f"{i}.up", rms_norm(hidden, params[f"{i}.norm2.scale"], spec))
        hidden += dense(params, f"{i}.down", tf.nn.gelu(up, approximate=False))
    flat = tf.reshape(rms_norm(hidden, params["final.norm.scale"], spec), (-1, spec["width"]))
    return tf.reshape(tf.matmul(flat, params["token"], transpose_b=True), (*ids.shape, spec["vocab"]))


def attention(params, i, x, spec):
    """Causal multi-head self-attention with rotary positions."""
    batch, seq, width = x.shape
    size = width // spec["heads"]

    def split(part):
        parted = tf.reshape(dense(params, f"{i}.{part}", x), (batch, seq, spec["heads"], size))
        return tf.transpose(parted, (0, 2, 1, 3))

    query, key = rotate(split("query"), spec), rotate(split("key"), spec)
    scores = tf.matmul(query, key, transpose_b=True) * size**-0.5
    seen = tf.linalg.band_part(tf.ones((seq, seq), tf.bool), -1, 0)
    share = tf.nn.softmax(tf.where(seen, scores, float("-inf")))
    mixed = tf.transpose(tf.matmul(share, split("value")), (0, 2, 1, 3))
    return dense(params, f"{i}.out", tf.reshape(mixed, (batch, seq, width)))


def rotate(x, spec):
    """Rotary position: the first half of a head is paired with its second."""
    seq, size = x.shape[-2:]
    frequency = spec["rope_base"] ** (-tf.range(0, size, 2, dtype=tf.float32) / size)
    angle = tf.range(seq, dtype=tf.float32)[:, None] * frequency
    cos, sin = tf.cos(angle), tf.sin(angle)
    first, second = tf.split(x, 2, axis=-1)
    return tf.concat([first * cos - second * sin, second * cos + first * sin], axis=-1)


def rms_norm(x, scale, spec):
    """Divide the last axis by its root mean square, then scale."""
    return x * tf.math.rsqrt(tf.reduce_mean(x * x, axis=-1, keepdims=True) + spec["norm_eps"]) * scale


def dense(params, name, x):
    """Linear map of the last axis, as one product of two matrices."""
    weight = params[f"{name}.weight"]
    flat = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), weight)
    return tf.reshape(flat, (*x.shape[:-1], flat.shape[-1]))
