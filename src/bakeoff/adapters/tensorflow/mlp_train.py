"""Perceptron trained by SGD: variables in a tf.Module, GradientTape, and the whole step in one tf.function."""

from __future__ import annotations

import tensorflow as tf


class Perceptron(tf.Module):
    """Two dense layers."""

    def __init__(self, weights):
        super().__init__()
        self.w1, self.b1 = tf.Variable(weights["w1"]), tf.Variable(weights["b1"])
        self.w2, self.b2 = tf.Variable(weights["w2"]), tf.Variable(weights["b2"])

    def __call__(self, x):
        hidden = tf.nn.relu(tf.matmul(x, self.w1) + self.b1)
        return tf.matmul(hidden, self.w2) + self.b2


def build(spec, weights, inputs, setting):
    model = Perceptron(weights)
    variables = {name: getattr(model, name) for name in weights}
    initial = {name: tf.constant(value) for name, value in weights.items()}
    batches = [(tf.constant(batch["x"]), tf.constant(batch["y"])) for batch in inputs]
    lr = tf.constant(spec["lr"], tf.float32)

    @tf.function(jit_compile=setting == "xla")
    def train_step(x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=model(x)))
        gradients = tape.gradient(loss, model.trainable_variables)
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
            variable.assign_sub(lr * gradient)
        return loss

    def step(slot):
        return {"loss": train_step(*batches[slot])}

    def reset():
        for name, variable in variables.items():
            variable.assign(initial[name])

    def read():
        return {name: variable.read_value() for name, variable in variables.items()}

    return step, reset, read
