"""Elementwise chain and row reduction in OpenVINO's opset; the plugin compiles the chain into one kernel."""

from __future__ import annotations

import os

import numpy as np
import openvino
import openvino.opset15 as ops


def build(spec, weights, inputs, setting):
    x = ops.parameter([spec["rows"], spec["columns"]], np.float32, name="x")
    u = ops.add(ops.multiply(x, weights["scale"]), weights["shift"])
    h = ops.add(ops.multiply(ops.swish(u), weights["gate"]), x)
    mean = ops.reduce_mean(ops.multiply(h, h), [1], keep_dims=False)
    rms = ops.sqrt(ops.add(mean, np.float32(spec["eps"])))
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": os.environ["BAKEOFF_THREADS"],
        "INFERENCE_PRECISION_HINT": "f32",
        "EXECUTION_MODE_HINT": "ACCURACY",
    }
    compiled = openvino.Core().compile_model(openvino.Model([rms], [x], "fused_chain"), "CPU", config)
    # One request for each slot: its input, copied here, lies ready; its output stays until the same slot runs again.
    requests = [compiled.create_infer_request() for _ in inputs]
    for request, one in zip(requests, inputs, strict=True):
        request.set_input_tensor(openvino.Tensor(one["x"]))

    def step(slot):
        request = requests[slot]
        request.infer()
        return {"rms": request.get_output_tensor()}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read
