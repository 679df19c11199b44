"""FOREIGN: what MLPerf's LoadGen reports of a query that does nothing, single stream."""

import json
import re
import sys
import tempfile
from pathlib import Path

import mlperf_loadgen as lg


def issue(samples):
    """Answers at once."""
    lg.QuerySamplesComplete([lg.QuerySampleResponse(sample.id, 0, 0) for sample in samples])


def once(folder):
    """Median latency in nanoseconds of a short single-stream test."""
    settings = lg.TestSettings()
    settings.scenario, settings.mode = lg.TestScenario.SingleStream, lg.TestMode.PerformanceOnly
    settings.min_query_count, settings.min_duration_ms = 2000, 100
    output = lg.LogOutputSettings()
    output.outdir, output.copy_summary_to_stdout = str(folder), False
    log = lg.LogSettings()
    log.log_output = output
    sut = lg.ConstructSUT(issue, lambda: None)
    qsl = lg.ConstructQSL(8, 8, lambda _: None, lambda _: None)
    lg.StartTestWithLogSettings(sut, qsl, settings, log)
    lg.DestroyQSL(qsl)
    lg.DestroySUT(sut)
    summary = (folder / "mlperf_log_summary.txt").read_text()
    return int(re.search(r"50\.00 percentile latency \(ns\)\s*:\s*(\d+)", summary).group(1))


request = json.loads(Path(sys.argv[1]).read_text())
with tempfile.TemporaryDirectory() as name:
    print(json.dumps([once(Path(name)) for _ in range(request["repeats"])]))
