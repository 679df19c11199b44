"""Matrix product: one MatMul with a constant right-hand side, which the plugin packs when the model is compiled."""

from __future__ import annotations

import os

import numpy as np
import openvino
import openvino.opset15 as ops


def build(spec, weights, inputs, setting):
    a = ops.parameter([spec["m"], spec["k"]], np.float32, name="a")
    model = openvino.Model([ops.matmul(a, weights["b"], False, False)], [a], "gemm")
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": os.environ["BAKEOFF_THREADS"],
        "INFERENCE_PRECISION_HINT": "f32",
        "EXECUTION_MODE_HINT": "ACCURACY",
    }
    compiled = openvino.Core().compile_model(model, "CPU", config)
    # One request for each slot: its input, copied here, lies ready; its output stays until the same slot runs again.
    requests = [compiled.create_infer_request() for _ in inputs]
    for request, one in zip(requests, inputs, strict=True):
        request.set_input_tensor(openvino.Tensor(one["a"]))

    def step(slot):
        request = requests[slot]
        request.infer()
        return {"c": request.get_output_tensor()}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read
