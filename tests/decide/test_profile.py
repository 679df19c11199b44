"""Profiles: strict, every problem at once, and every word of the vocabulary means something."""

from __future__ import annotations

import pytest

from bakeoff.base.errors import InputError
from bakeoff.decide.build import build
from bakeoff.decide.profile import parse, words
from tests.decide.world import TODAY, catalog, rules, small

VOCABULARY = {
    "domain": """nlp-llm llm-inference vision multimodal speech audio diffusion ocr 3d rl robotics gnn recsys tabular
        embeddings scientific-ml probabilistic genomics edge education""",
    "activity": """research pretraining-at-scale fine-tuning serving edge-deployment application-embedding
        library-development kernel-writing training-on-device education""",
    "hardware": """nvidia-single nvidia-multi nvidia-cluster nvidia-jetson amd-gpu amd-cluster tpu-single tpu-pod
        edge-tpu trainium gaudi ascend kunlun cambricon moore-threads dcu intel-cpu intel-gpu
        npu-intel cpu-only cpu-cluster apple-silicon ios android wearables qualcomm-soc
        rockchip-npu hailo edge-linux-arm microcontroller fpga browser""",
    "languages": "python c++ c rust js swift java c# objective-c mojo",
    "constraints": """permissive-license copyleft-ok restricted-weights-licence offline privacy sandboxed export-control
        domestic-stack community-checkpoints community-adoption open-science no-python-runtime single-binary
        small-footprint docker-delivery app-store multi-platform multi-accelerator vendor-neutral backend-agnostic
        no-cuda-dependency no-vendor-sdk single-vendor hardware-vendor old-hardware portable-simd multi-node
        sharded-training sharded-embeddings multi-device-data-parallel auto-parallel fault-tolerance streaming-training
        quantized qat memory-limited safe-weights realtime low-latency slo-latency high-throughput max-performance
        low-power cost no-server-cost streaming token-streaming custom-kernels warp-specialization hackable readability
        from-scratch python-like-syntax drop-in modular-config notebook-workflow hosted-notebooks sklearn-api
        higher-order-gradients vmap-many e2e-differentiable ode-solver black-box-simulator device-side-simulator
        bayesian-posteriors custom-optimizer existing-tf-estate existing-keras-estate existing-pytorch-code
        existing-jax-experience existing-mac-port existing-numpy-science-stack bio-ecosystem rlds-data
        enterprise-governance kubernetes long-term-support vendor-engineering-support maintenance-burden
        validated-pipeline reproducible education-friendly multi-model multi-lingual structured-output neural-engine
        training-on-device""",
}


@pytest.mark.parametrize("kind", VOCABULARY)
def test_every_word_is_known_and_has_a_meaning(kind: str) -> None:
    known = words(rules())[kind]
    assert [word for word in VOCABULARY[kind].split() if not known.get(word)] == []


def test_a_constraint_demands_favours_or_weighs_something_unless_it_only_permits() -> None:
    empty = [
        rule.id
        for rule in rules().requirements.values()
        if not (rule.needs or rule.favours or rule.weights or rule.estate or rule.layers)
    ]
    assert empty == ["copyleft-ok"]


def test_spellings_and_moscow_words_become_tokens() -> None:
    profile = parse(
        {"serve_on": ["cpu"], "must": ["real-time", "offline"], "should": ["quantised"], "languages": "cpp"}, rules()
    )
    assert profile.serve_on == ("cpu-only",)
    assert profile.constraints == ("realtime", "offline")
    assert (profile.prefer, profile.languages) == (("quantized",), ("c++",))


def test_all_problems_come_at_once_with_near_names() -> None:
    wrong = {
        "domian": "vision",
        "activity": "servin",
        "serve_on": ["cpu-onyl"],
        "constraints": [3],
        "weights": {"performance": 1.5, "speed": 0.1},
        "pinned": {"framework": ["alhpa"], "engine": ["x"]},
        "horizon_years": "two",
    }
    with pytest.raises(InputError) as caught:
        parse(wrong, rules(), catalog(small()), where="p.toml")
    text = str(caught.value)
    for part in ("domian", "domain", "servin", "serving", "cpu-only", "list of words", "weights.performance",
                 "weights.speed", "alpha", "pinned.engine", "horizon_years"):  # fmt: skip
        assert part in text
    assert len(caught.value.problems) == 9


def test_weights_above_one_in_all_are_refused() -> None:
    with pytest.raises(InputError, match=r"add up to 1\.2"):
        parse({"weights": {"performance": 0.7, "production": 0.5}}, rules())


def test_a_device_of_the_tree_is_hardware_too() -> None:
    assert parse({"serve_on": ["intel-cpu", "x86-cpu"]}, rules(), catalog(small())).serve_on == ("intel-cpu", "x86-cpu")


def test_what_could_be_counts_half_of_what_should_be() -> None:
    plain = {"activity": "serving", "serve_on": ["cpu-only"]}
    known = catalog(small())

    def fit_of(more: dict[str, list[str]], system: str) -> float:
        values = build(parse({**plain, **more}, rules(), known), known, rules(), today=TODAY).values
        return sum(bonus.points for bonus in values.bonuses("serving", system))

    base = {name: fit_of({}, name) for name in ("fast", "tiny")}
    should = {name: fit_of({"should": ["no-python-runtime"]}, name) - base[name] for name in base}
    could = {name: fit_of({"could": ["no-python-runtime"]}, name) - base[name] for name in base}
    assert any(should.values())
    assert {name: points / 2 for name, points in should.items()} == could


def test_a_wish_never_excludes_and_a_demand_does() -> None:
    known = catalog(small())
    plain = {"activity": "serving", "serve_on": ["cpu-only"]}
    sizes = {
        how: len(build(parse({**plain, **more}, rules(), known), known, rules(), today=TODAY).space.rows)
        for how, more in {
            "free": {},
            "must": {"must": ["no-python-runtime"]},
            "should": {"should": ["no-python-runtime"]},
            "could": {"could": ["no-python-runtime"]},
        }.items()
    }
    assert sizes["must"] < sizes["free"] == sizes["should"] == sizes["could"]
