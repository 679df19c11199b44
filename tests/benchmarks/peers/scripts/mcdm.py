"""FOREIGN: runs in the peers' environment. Weighted sums of one matrix: median CPU seconds of each peer, its values."""

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from pymcdm.methods import WSM
from skcriteria import mkdm
from skcriteria.agg.simple import WeightedSumModel


def median_s(work, times):
    work()
    taken = []
    for _ in range(times):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def as_it_is(column, cost=False):  # noqa: ARG001, FBT002 - the signature pymcdm asks for
    return column


def main():
    request = json.loads(Path(sys.argv[1]).read_text())
    matrix = np.load(request["matrix"])
    weights = np.array(request["weights"])
    # Our values stand on fixed anchors already: neither peer is to normalise them once more.
    plain = WSM(normalization_function=as_it_is)
    types = np.ones(len(weights))
    decision = mkdm(matrix, [max] * len(weights), weights=weights)
    summed = WeightedSumModel()
    answer = {
        "pymcdm": {
            "s": median_s(lambda: plain(matrix, weights, types), request["times"]),
            "values": plain(matrix, weights, types).tolist(),
        },
        "scikit-criteria": {
            "s": median_s(lambda: summed.evaluate(decision), request["times"]),
            "values": np.array(summed.evaluate(decision).e_.score).tolist(),
        },
    }
    print(json.dumps(answer))


main()
