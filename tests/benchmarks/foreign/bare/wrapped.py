"""FOREIGN: another adapter's program, remembered for the plain loop."""

from __future__ import annotations

import importlib.util
import sys


def build(spec, weights, inputs, setting):
    shared = sys.modules["bakeoff_bare"]
    found = importlib.util.spec_from_file_location("bakeoff_wrapped", spec["file"])
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    step, reset, read = module.build(spec["spec"], weights, inputs, setting)
    shared.step, shared.count = step, spec["count"]
    return step, reset, read
