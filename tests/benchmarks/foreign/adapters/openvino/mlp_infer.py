"""Dense layers as MatMul, Add and Relu."""

from __future__ import annotations

import os

import numpy as np
import openvino
import openvino.opset15 as ops


def build(spec, weights, inputs, setting):
    x = start = ops.parameter([spec["rows"], spec["width"]], np.float32, name="x")
    for n in range(spec["layers"]):
        x = ops.add(ops.matmul(x, weights[f"{n}.weight"], transpose_a=False, transpose_b=False), weights[f"{n}.bias"])
        if n + 1 < spec["layers"]:
            x = ops.relu(x)
    config = {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
        "INFERENCE_NUM_THREADS": os.environ["BAKEOFF_THREADS"],
        "INFERENCE_PRECISION_HINT": "f32",
        "EXECUTION_MODE_HINT": "ACCURACY",
    }
    compiled = openvino.Core().compile_model(openvino.Model([x], [start], "mlp"), "CPU", config)
    requests = [compiled.create_infer_request() for _ in inputs]
    for request, one in zip(requests, inputs, strict=True):
        request.set_input_tensor(openvino.Tensor(one["x"]))

    def step(slot):
        requests[slot].infer()
        return {"y": requests[slot].get_output_tensor()}

    return step, lambda: None, dict
