"""Matrix product: one MatMul with a constant right-hand side, which the runtime packs when the session is made."""

from __future__ import annotations

import os

import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def build(spec, weights, inputs, setting):
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        "gemm",
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, [spec["m"], spec["k"]])],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, [spec["m"], spec["n"]])],
        [numpy_helper.from_array(weights["b"], "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["BAKEOFF_THREADS"])
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = [{"a": onnxruntime.OrtValue.ortvalue_from_numpy(one["a"])} for one in inputs]

    def step(slot):
        (c,) = session.run_with_ort_values(["c"], feeds[slot])
        return {"c": c}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read
