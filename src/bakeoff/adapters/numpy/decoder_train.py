"""Causal decoder trained by AdamW: forward, backward and update written out in NumPy."""

from __future__ import annotations

import math

import numpy as np

# erf(x) = x P(x^2) / Q(x^2) on [-4, 4], 1 in float32 beyond; fitted for this adapter by reweighted least squares on
# math.erf. Largest absolute error 4e-7, root mean square 9e-8: tests/contract/test_oracle.py measures it.
_P = (1.91101953e-08, -1.94225471e-06, 0.000147282742, 0.00399050919, 0.0515247599, 0.207124514, 1.12837909)
_Q = (0.00102108965, 0.0149579762, 0.117970416, 0.51689057, 1.0)


def build(spec, weights, inputs, setting):
    state = {name: value.copy() for name, value in weights.items()}
    decoder, optimizer = Decoder(spec, state), AdamW(spec, state)

    def step(slot):
        tokens = inputs[slot]["tokens"]
        loss, gradients = decoder.loss_and_gradients(tokens[0])
        for micro in tokens[1:]:
            more, further = decoder.loss_and_gradients(micro)
            loss += more
            for name, gradient in further.items():
                gradients[name] += gradient
        optimizer.update({name: gradient / np.float32(len(tokens)) for name, gradient in gradients.items()})
        return {"loss": np.asarray(loss / np.float32(len(tokens)))}

    def reset():
        for name, value in weights.items():
            state[name][...] = value
        optimizer.reset()

    def read():
        return {name: value.copy() for name, value in state.items()}

    return step, reset, read


class AdamW:
    """Updates in place: decoupled decay, bias correction, eps outside the root."""

    def __init__(self, spec, state):
        self.state, self.beta1, self.beta2 = state, spec["beta1"], spec["beta2"]
        self.lr, self.eps = np.float32(spec["lr"]), np.float32(spec["eps"])
        self.keep = np.float32(1 - spec["lr"] * spec["decay"])
        self.means = {name: np.zeros_like(value) for name, value in state.items()}
        self.squares = {name: np.zeros_like(value) for name, value in state.items()}
        self.taken = 0

    def reset(self):
        """Forget every step."""
        self.taken = 0
        for moment in (*self.means.values(), *self.squares.values()):
            moment[...] = 0

    def update(self, gradients):
        """Take one step."""
        self.taken += 1
        correct1, correct2 = np.float32(1 - self.beta1**self.taken), np.float32(1 - self.beta2**self.taken)
        for name, gradient in gradients.items():
            weight, mean, square = self.state[name], self.means[name], self.squares[name]
            mean *= np.float32(self.beta1)
            mean += np.float32(1 - self.beta1) * gradient
            square *= np.float32(self.beta2)
            square += np.float32(1 - self.beta2) * gradient * gradient
            weight *= self.keep
            weight -= self.lr * (mean / correct1) / (np.sqrt(square / correct2) + self.eps)


class Decoder:
    """Forward passes that return, beside their result, the function that takes gradients back through them."""

    def __init__(self, spec, state):
        self.spec, self.state, self.gradients = spec, state, {}
        self.cos, self.sin = turns(spec)
        self.unseen = np.triu(np.full((spec["seq"], spec["seq"]), -np.inf, np.float32), 1)

    def loss_and_gradients(self, tokens):
        """Mean cross-entropy of one micro-batch, and the gradient of every weight."""
        self.gradients, backs = {}, []
        ids, targets = tokens[:, :-1], tokens[:, 1:].ravel()
        hidden = self.state["token"][ids]
        for i in range(self.spec["layers"]):
            for branch in (self.attention, self.feed_forward):
                change, back = branch(i, hidden)
                hidden = hidden + change
                backs.append(back)
        normed, back_norm = self.rms_norm("final.norm.scale", hidden)
        flat = normed.reshape(-1, normed.shape[-1])
        loss, d_logits = cross_entropy(flat @ self.state["token"].T, targets)
        self.gradients["token"] = d_logits.T @ flat
        d_hidden = back_norm((d_logits @ self.state["token"]).reshape(hidden.shape))
        for back in reversed(backs):
            d_hidden += back(d_hidden)
        np.add.at(self.gradients["token"], ids, d_hidden)
        return loss, self.gradients

    def attention(self, i, x):
        """Causal multi-head self-attention with rotary positions, behind its norm."""
        heads, cos, sin = self.spec["heads"], self.cos, self.sin
        scale = np.float32(1 / math.sqrt(x.shape[-1] // heads))
        normed, back_norm = self.rms_norm(f"{i}.norm1.scale", x)
        made = [self.dense(f"{i}.{part}.weight", normed) for part in ("query", "key", "value")]
        query, key, value = (split(one, heads) for one, _ in made)
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        share = softmax(query @ key.swapaxes(2, 3) * scale + self.unseen)
        out, back_out = self.dense(f"{i}.out.weight", merge(share @ value))

        def back(d_out):
            d_mixed = split(back_out(d_out), heads)
            d_scores = d_mixed @ value.swapaxes(2, 3)
            d_scores -= np.sum(d_scores * share, axis=-1, keepdims=True)
            d_scores *= share
            d_scores *= scale
            d_query = rotate(d_scores @ key, cos, -sin)
            d_key = rotate(d_scores.swapaxes(2, 3) @ query, cos, -sin)
            d_parts = (d_query, d_key, share.swapaxes(2, 3) @ d_mixed)
            return back_norm(sum(back(merge(one)) for (_, back), one in zip(made, d_parts, strict=True)))

        return out, back

    def feed_forward(self, i, x):
        """Two dense layers around GELU, behind their norm."""
        normed, back_norm = self.rms_norm(f"{i}.norm2.scale", x)
        up, back_up = self.dense(f"{i}.up.weight", normed)
        active, slope = gelu(up)
        down, back_down = self.dense(f"{i}.down.weight", active)
        return down, lambda d_down: back_norm(back_up(back_down(d_down) * slope))

    def dense(self, name, x):
        """Linear map of the last axis."""
        weight, gradients = self.state[name], self.gradients

        def back(d_out):
            gradients[name] = x.reshape(-1, x.shape[-1]).T @ d_out.reshape(-1, d_out.shape[-1])
            return d_out @ weight.T

        return x @ weight, back

    def rms_norm(self, name, x):
        """Divide the last axis by its root mean square, then scale."""
        scale, gradients = self.state[name], self.gradients
        inverse = 1 / np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + np.float32(self.spec["norm_eps"]))
        normed = x * inverse

        def back(d_out):
            gradients[name] = np.sum(d_out * normed, axis=(0, 1))
            d_normed = d_out * scale
            d_normed -= normed * np.mean(d_normed * normed, axis=-1, keepdims=True)
            d_normed *= inverse
            return d_normed

        return normed * scale, back


def cross_entropy(logits, targets):
    """Mean loss, and its gradient with respect to the logits, in place."""
    rows = np.arange(len(logits))
    logits -= logits.max(axis=1, keepdims=True)
    picked = logits[rows, targets]
    share = np.exp(logits, out=logits)
    total = share.sum(axis=1, keepdims=True)
    loss = np.mean(np.log(total[:, 0]) - picked)
    share /= total
    share[rows, targets] -= 1
    share /= len(share)
    return loss, share


def turns(spec):
    """Cosines and sines of the rotary angles, (seq, head width / 2)."""
    size = spec["width"] // spec["heads"]
    frequency = spec["rope_base"] ** (-2 * np.arange(size // 2) / size)
    angle = np.arange(spec["seq"])[:, None] * frequency
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


def rotate(x, cos, sin):
    """Rotary position: the first half of a head is paired with its second."""
    first, second = np.split(x, 2, axis=-1)
    return np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)


def split(x, heads):
    """(batch, seq, width) to (batch, heads, seq, head width)."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def merge(x):
    """(batch, heads, seq, head width) to (batch, seq, width)."""
    return x.swapaxes(1, 2).reshape(x.shape[0], x.shape[2], -1)


def softmax(x):
    """Softmax of the last axis, in place."""
    x -= x.max(axis=-1, keepdims=True)
    np.exp(x, out=x)
    x /= x.sum(axis=-1, keepdims=True)
    return x


def gelu(x):
    """Exact GELU and its derivative."""
    below = erf(x * np.float32(math.sqrt(0.5)))
    below += 1
    below *= np.float32(0.5)
    slope = np.exp(x * x * np.float32(-0.5))
    slope *= x * np.float32(1 / math.sqrt(2 * math.pi))
    slope += below
    return x * below, slope


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
