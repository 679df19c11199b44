"""FOREIGN: runs in the peers' environment. Are two series of times different? Said by pyperf's and asv's own code."""

import json
import sys
from pathlib import Path

from asv._stats import is_different
from asv_runner.statistics import compute_stats
from pyperf._utils import is_significant


def judged(pair):
    """Both answers for one pair of series of seconds, and for the same split by process: values of pyperf."""
    first, second = pair["first"], pair["second"]
    stats = [compute_stats(series, 1)[1] for series in (first, second)]
    return {
        "pyperf": bool(is_significant(first, second)[0]),
        "asv": bool(is_different(first, second, stats[0], stats[1])),
    }


request = json.loads(Path(sys.argv[1]).read_text())
print(json.dumps([judged(pair) for pair in request["pairs"]]))
