"""Dense layers as Gemm and Relu nodes."""

from __future__ import annotations

import os

import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def build(spec, weights, inputs, setting):
    last, shape = spec["layers"] - 1, [spec["rows"], spec["width"]]
    nodes, x = [], "x"
    for n in range(last + 1):
        y = "y" if n == last else f"h{n}"
        nodes.append(helper.make_node("Gemm", [x, f"{n}.weight", f"{n}.bias"], [y]))
        x = y
        if n < last:
            x = f"r{n}"
            nodes.append(helper.make_node("Relu", [y], [x]))
    graph = helper.make_graph(
        nodes,
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["BAKEOFF_THREADS"])
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = [{"x": onnxruntime.OrtValue.ortvalue_from_numpy(one["x"])} for one in inputs]

    def step(slot):
        (y,) = session.run_with_ort_values(["y"], feeds[slot])
        return {"y": y}

    return step, lambda: None, dict
