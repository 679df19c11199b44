"""Pre-LN transformer encoder in OpenVINO's opset; the plugin fuses normalisation, GELU and attention by itself."""

from __future__ import annotations

import os

import numpy as np
import openvino
import openvino.opset15 as ops


def build(spec, weights, inputs, setting):
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": os.environ["BAKEOFF_THREADS"],
        "INFERENCE_PRECISION_HINT": "f32",
        "EXECUTION_MODE_HINT": "ACCURACY",
    }
    compiled = openvino.Core().compile_model(encoder(spec, weights), "CPU", config)
    # One request for each slot: its input, copied here, lies ready; its output stays until the same slot runs again.
    requests = [compiled.create_infer_request() for _ in inputs]
    for request, batch in zip(requests, inputs, strict=True):
        request.set_input_tensor(openvino.Tensor(batch["ids"]))

    def step(slot):
        request = requests[slot]
        request.infer()
        return {"hidden": request.get_output_tensor()}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read


def encoder(spec, weights):
    """The model, with its weights inside."""
    shape = [spec["batch"], spec["seq"]]
    heads, width = spec["heads"], spec["width"]

    def layer_norm(x, name):
        normed = ops.mvn(x, [-1], normalize_variance=True, eps=spec["eps"], eps_mode="inside_sqrt")
        return ops.add(ops.multiply(normed, weights[f"{name}.scale"]), weights[f"{name}.bias"])

    def dense(x, name):
        return ops.add(ops.matmul(x, weights[f"{name}.weight"], False, False), weights[f"{name}.bias"])

    def attention(x, i):
        def split(part):
            parted = ops.reshape(dense(x, f"{i}.{part}"), [*shape, heads, width // heads], special_zero=False)
            return ops.transpose(parted, [0, 2, 1, 3])

        mixed = ops.scaled_dot_product_attention(split("query"), split("key"), split("value"))
        merged = ops.reshape(ops.transpose(mixed, [0, 2, 1, 3]), [*shape, width], special_zero=False)
        return dense(merged, f"{i}.out")

    def feed_forward(x, i):
        return dense(ops.gelu(dense(x, f"{i}.up"), "erf"), f"{i}.down")

    ids = ops.parameter(shape, np.int64, name="ids")
    hidden = ops.add(ops.gather(weights["token"], ids, 0), weights["position"])
    for i in range(spec["layers"]):
        hidden = ops.add(hidden, attention(layer_norm(hidden, f"{i}.norm1"), i))
        hidden = ops.add(hidden, feed_forward(layer_norm(hidden, f"{i}.norm2"), i))
    return openvino.Model([layer_norm(hidden, "final.norm")], [ids], "encoder")
