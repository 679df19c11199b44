"""Elementwise chain and row reduction as an ONNX graph of standard operators."""

from __future__ import annotations

import os

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def build(spec, weights, inputs, setting):
    constants = dict(weights, eps=np.float32(spec["eps"]), axis=np.array([1]))
    nodes = [
        helper.make_node("Mul", ["x", "scale"], ["scaled"]),
        helper.make_node("Add", ["scaled", "shift"], ["u"]),
        helper.make_node("Sigmoid", ["u"], ["sigmoid"]),
        helper.make_node("Mul", ["u", "sigmoid"], ["silu"]),
        helper.make_node("Mul", ["silu", "gate"], ["gated"]),
        helper.make_node("Add", ["gated", "x"], ["h"]),
        helper.make_node("Mul", ["h", "h"], ["square"]),
        helper.make_node("ReduceMean", ["square", "axis"], ["mean"], keepdims=0),
        helper.make_node("Add", ["mean", "eps"], ["shifted"]),
        helper.make_node("Sqrt", ["shifted"], ["rms"]),
    ]
    graph = helper.make_graph(
        nodes,
        "fused_chain",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [spec["rows"], spec["columns"]])],
        [helper.make_tensor_value_info("rms", TensorProto.FLOAT, [spec["rows"]])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["BAKEOFF_THREADS"])
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = [{"x": onnxruntime.OrtValue.ortvalue_from_numpy(one["x"])} for one in inputs]

    def step(slot):
        (rms,) = session.run_with_ort_values(["rms"], feeds[slot])
        return {"rms": rms}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read
