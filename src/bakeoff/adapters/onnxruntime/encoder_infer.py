"""Pre-LN transformer encoder as an ONNX graph of standard operators, opset 20, which has LayerNormalization and Gelu.

The runtime's own passes fuse what they can; nothing is fused by hand. Query, key and value share one product.
"""

from __future__ import annotations

import math
import os

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper


def build(spec, weights, inputs, setting):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["BAKEOFF_THREADS"])
    options.inter_op_num_threads = 1
    model = encoder(spec, weights).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feeds = [{"ids": onnxruntime.OrtValue.ortvalue_from_numpy(batch["ids"])} for batch in inputs]

    def step(slot):
        (hidden,) = session.run_with_ort_values(["hidden"], feeds[slot])
        return {"hidden": hidden}

    def reset():
        pass

    def read():
        return {}

    return step, reset, read


def encoder(spec, weights):
    """The model, with its weights inside."""
    shape = [spec["batch"], spec["seq"]]
    heads, width = spec["heads"], spec["width"]
    head_width = width // heads
    nodes, constants = [], {}

    def constant(name, value):
        constants[name] = numpy_helper.from_array(value, name)
        return name

    def add(op, *operands, **attributes):
        output = f"t{len(nodes)}"
        nodes.append(helper.make_node(op, operands, [output], **attributes))
        return output

    def layer_norm(x, name):
        scale, bias = f"{name}.scale", f"{name}.bias"
        operands = (x, constant(scale, weights[scale]), constant(bias, weights[bias]))
        return add("LayerNormalization", *operands, axis=-1, epsilon=spec["eps"])

    def dense(x, name, weight, bias):
        return add("Add", add("MatMul", x, constant(f"{name}.weight", weight)), constant(f"{name}.bias", bias))

    def attention(x, i):
        weight, bias = (
            np.concatenate([weights[f"{i}.{part}.{kind}"] for part in ("query", "key", "value")], axis=-1)
            for kind in ("weight", "bias")
        )
        parts = [f"{i}.{part}" for part in ("q", "k", "v")]
        nodes.append(helper.make_node("Split", [dense(x, f"{i}.qkv", weight, bias)], parts, axis=-1, num_outputs=3))
        query = add("Transpose", add("Reshape", parts[0], split), perm=[0, 2, 1, 3])
        key = add("Transpose", add("Reshape", parts[1], split), perm=[0, 2, 3, 1])
        value = add("Transpose", add("Reshape", parts[2], split), perm=[0, 2, 1, 3])
        scores = add("Mul", add("MatMul", query, key), score_scale)
        mixed = add("Transpose", add("MatMul", add("Softmax", scores, axis=-1), value), perm=[0, 2, 1, 3])
        return dense(add("Reshape", mixed, merge), f"{i}.out", weights[f"{i}.out.weight"], weights[f"{i}.out.bias"])

    def feed_forward(x, i):
        up = dense(x, f"{i}.up", weights[f"{i}.up.weight"], weights[f"{i}.up.bias"])
        up = add("Gelu", up, approximate="none")
        return dense(up, f"{i}.down", weights[f"{i}.down.weight"], weights[f"{i}.down.bias"])

    split = constant("split", np.array([*shape, heads, head_width]))
    merge = constant("merge", np.array([*shape, width]))
    score_scale = constant("score_scale", np.float32(1 / math.sqrt(head_width)))

    token = add("Gather", constant("token", weights["token"]), "ids", axis=0)
    hidden = add("Add", token, constant("position", weights["position"]))
    for i in range(spec["layers"]):
        hidden = add("Add", hidden, attention(layer_norm(hidden, f"{i}.norm1"), i))
        hidden = add("Add", hidden, feed_forward(layer_norm(hidden, f"{i}.norm2"), i))
    nodes.append(helper.make_node("Identity", [layer_norm(hidden, "final.norm")], ["hidden"]))

    graph = helper.make_graph(
        nodes,
        "encoder",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, shape)],
        [helper.make_tensor_value_info("hidden", TensorProto.FLOAT, [*shape, width])],
        list(constants.values()),
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
