"""Golden decisions on the shipped catalogue: the field's thirteen heuristics and seven pitfalls hold.

Source: ML Framework Comparison (family index, 2026-05-17), sections Selection heuristics and Common pitfalls.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from bakeoff.catalog.load import load
from bakeoff.catalog.model import Catalog
from bakeoff.catalog.rules import check_rules
from bakeoff.decide import side
from bakeoff.decide.build import Model, build
from bakeoff.decide.profile import parse
from bakeoff.decide.smaa import ranked
from tests.decide.world import TODAY, rules


@cache
def shipped() -> Catalog:
    return load()


def solved(profile: dict[str, Any]) -> Model:
    return build(parse(profile, rules(), shipped()), shipped(), rules(), today=TODAY)


def picks(profile: dict[str, Any]) -> dict[str, str]:
    """First stack by layer, tracker included."""
    built = solved(profile)
    stack = built.space.stack(int(ranked(built.space, built.expected, 1)[0]))
    tracker = side.best(built, stack)
    return {**dict(stack), **({"tracker": tracker} if tracker else {})}


LLM_SERVER = {"domain": "nlp-llm", "activity": "serving", "serve_on": ["nvidia-multi"], "languages": ["python"]}

HEURISTICS: list[tuple[str, dict[str, Any], dict[str, set[str]]]] = [
    ("1 research in vision",
     {"domain": "vision", "activity": "research", "train_on": ["nvidia-single"], "languages": ["python"]},
     {"framework": {"pytorch"}}),
    ("1 research in language",
     {"domain": "nlp-llm", "activity": "fine-tuning", "train_on": ["nvidia-single"], "languages": ["python"],
      "must": ["community-checkpoints"]},
     {"framework": {"pytorch"}, "library": {"transformers"}}),
    ("2 very large on TPU",
     {"domain": "nlp-llm", "activity": "pretraining-at-scale", "train_on": ["tpu-pod"], "languages": ["python"],
      "must": ["multi-node", "sharded-training"]},
     {"framework": {"jax"}, "trainer": {"maxtext", "levanter", "jax-sharding", "axlearn"}}),
    ("3 very large on NVIDIA",
     {"domain": "nlp-llm", "activity": "pretraining-at-scale", "train_on": ["nvidia-cluster"], "languages": ["python"],
      "must": ["multi-node", "sharded-training"]},
     {"framework": {"pytorch"},
      "trainer": {"fsdp2", "megatron-lm", "megatron-core", "nemo", "torchtitan", "deepspeed"}}),
    ("4 development on Macs",
     {"domain": "nlp-llm", "activity": "fine-tuning", "train_on": ["apple-silicon"], "languages": ["python"]},
     {"framework": {"mlx"}}),
    ("4 shipping to iPhones",
     {"domain": "vision", "activity": "edge-deployment", "serve_on": ["ios"], "languages": ["swift"],
      "must": ["app-store"]},
     {"serving": {"coreml"}, "format": {"coreml"}}),
    ("5 Android",
     {"domain": "vision", "activity": "edge-deployment", "serve_on": ["android"], "languages": ["java"]},
     {"serving": {"litert", "mediapipe"}, "format": {"tflite"}}),
    ("6 browser",
     {"domain": "embeddings", "activity": "edge-deployment", "serve_on": ["browser"], "languages": ["js"]},
     {"serving": {"transformers.js", "onnxruntime-web"}, "format": {"onnx"}}),
    ("7 language models at scale", LLM_SERVER, {"serving": {"vllm", "sglang", "tensorrt-llm"}}),
    ("7 language models on a CPU",
     {"domain": "llm-inference", "activity": "serving", "serve_on": ["cpu-only"], "must": ["quantized"]},
     {"serving": {"llama.cpp"}, "format": {"gguf"}}),
    ("8 inside a Rust program",
     {"domain": "embeddings", "activity": "application-embedding", "serve_on": ["cpu-only"], "languages": ["rust"],
      "must": ["single-binary", "no-python-runtime"]},
     {"serving": {"candle", "burn", "tei", "tract"}}),
    ("9 neural differential equations",
     {"domain": "scientific-ml", "activity": "research", "train_on": ["nvidia-single"], "languages": ["python"],
      "must": ["ode-solver", "higher-order-gradients"]},
     {"framework": {"jax"}, "library": {"equinox", "diffrax"}}),
    ("9 probabilistic programming",
     {"domain": "probabilistic", "activity": "research", "train_on": ["cpu-only"], "languages": ["python"],
      "must": ["bayesian-posteriors"]},
     {"framework": {"jax", "pytensor"}}),
    ("10 reading a framework",
     {"domain": "education", "activity": "education", "train_on": ["cpu-only"], "languages": ["python"],
      "must": ["readability", "hackable"]},
     {"framework": {"tinygrad"}}),
    ("11 Ascend",
     {"domain": "nlp-llm", "activity": "pretraining-at-scale", "train_on": ["ascend"], "languages": ["python"]},
     {"framework": {"mindspore"}}),
    ("11 Kunlun",
     {"domain": "vision", "activity": "research", "train_on": ["kunlun"], "languages": ["python"]},
     {"framework": {"paddlepaddle"}}),
    ("12 an established TensorFlow estate",
     {"domain": "recsys", "activity": "serving", "serve_on": ["cpu-only"], "languages": ["python"],
      "must": ["existing-tf-estate"]},
     {"framework": {"tensorflow", "keras"}}),
    ("13 any hardware",
     {"domain": "vision", "activity": "application-embedding", "languages": ["c++"],
      "hardware": ["cpu-only", "nvidia-single", "apple-silicon"], "must": ["multi-platform", "multi-accelerator"]},
     {"framework": {"pytorch", "jax"}, "serving": {"onnxruntime"}, "format": {"onnx", "ort"}}),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "wanted"), [row[1:] for row in HEURISTICS], ids=[row[0] for row in HEURISTICS])
def test_the_fields_heuristics_hold(profile: dict[str, Any], wanted: dict[str, set[str]]) -> None:
    found = picks(profile)
    assert {layer: found.get(layer) for layer in wanted if found.get(layer) not in wanted[layer]} == {}


PITFALLS: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
    ("jax-without-tpu",
     {"domain": "vision", "activity": "research", "train_on": ["nvidia-multi"], "languages": ["python"]},
     ("framework", "jax")),
    ("tf-for-new-research",
     {"domain": "nlp-llm", "activity": "research", "train_on": ["nvidia-single"], "languages": ["python"]},
     ("framework", "tensorflow")),
    ("mlx-beyond-apple",
     {"domain": "nlp-llm", "activity": "fine-tuning", "hardware": ["apple-silicon", "nvidia-single"]},
     ("framework", "mlx")),
    ("mojo-drop-in",
     {"domain": "vision", "activity": "library-development", "hardware": ["cpu-only"], "must": ["drop-in"]},
     ("framework", "mojo")),
    ("raw-cuda",
     {"domain": "nlp-llm", "activity": "kernel-writing", "hardware": ["nvidia-single"], "languages": ["python"],
      "must": ["custom-kernels"]},
     ("kernel", "cuda")),
    ("torchserve-for-llms", LLM_SERVER, ("serving", "torchserve")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "profile", "bait"), PITFALLS, ids=[row[0] for row in PITFALLS])
def test_the_fields_pitfalls_are_avoided_and_named(rule: str, profile: dict[str, Any], bait: tuple[str, str]) -> None:
    built = solved(profile)
    assert rule in {item.id for item in built.situation.pitfalls}
    stack = built.space.stack(int(ranked(built.space, built.expected, 1)[0]))
    assert bait not in stack
    assert any(bonus.origin == f"rule:{rule}" and bonus.points < 0 for bonus in built.values.bonuses(*bait))


def test_late_quantisation_is_warned_of_whatever_is_picked() -> None:
    built = solved(
        {"domain": "nlp-llm", "activity": "fine-tuning", "train_on": ["nvidia-single"], "must": ["quantized"]}
    )
    assert "quantisation-late" in {rule.id for rule in built.situation.pitfalls}


def test_every_name_in_the_rules_is_known() -> None:
    assert [str(problem) for problem in check_rules(rules(), shipped())] == []
