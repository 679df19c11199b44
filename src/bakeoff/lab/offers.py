"""What a measurement would cost here, before it is begun."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from bakeoff.isolate.env import EnvSpec
from bakeoff.lab.adapters import Adapter
from bakeoff.lab.contenders import chosen
from bakeoff.lab.raw import Request
from bakeoff.lab.workload import Workload

_BYTES_PER_S = 10e6
_UNPACK_BYTES_PER_S = 60e6
_UNKNOWN_BYTES = 150_000_000
_BUILD_S = 3.0
_START_S = 2.0
_CHECK_S = 4.0
_ROUNDS_SHARE = 0.6
_NUMPY_FLOPS_PER_S = 2e10
_LEAST_ROUNDS_S = 15.0


class Downloads(Protocol):
    """Who knows how much an environment would download."""

    def estimate(self, spec: EnvSpec) -> int | None:
        """Bytes to download; 0 when it is built, None when unknown."""


@dataclass(frozen=True, slots=True)
class Declared:
    """What the adapters say of themselves: no resolver is asked, so it is at hand at once and without a network."""

    adapters: Mapping[str, Adapter]
    """By system."""
    built: Collection[str]
    """Systems that have an environment here."""

    def estimate(self, spec: EnvSpec) -> int | None:
        """Bytes to download; 0 when it is built, None when unknown."""
        return 0 if spec.name in self.built else self.adapters[spec.name].download_bytes


@dataclass(frozen=True, slots=True)
class Estimate:
    """Expected wall time of a campaign, by part."""

    environments_s: float
    """Downloads, unpacking, building; 0 when everything is there."""
    download_bytes: int
    """Bytes to download; unknown sizes are counted as a typical framework."""
    unknown: tuple[str, ...]
    """Systems whose download size could not be found out."""
    checking_s: float
    """Oracle, and one launch of every arm held against it."""
    rounds_s: float
    """Launches and rounds, at most the budget."""

    @property
    def cost_s(self) -> float:
        """All of it."""
        return self.environments_s + self.checking_s + self.rounds_s


def estimate(request: Request, workload: Workload, adapters: Mapping[str, Adapter], downloads: Downloads) -> Estimate:
    """What measuring a request would cost on this machine now.

    Rounds end when everything is settled, so the budget is a bound; what is expected is the launches of every arm and a
    share of the rest. Rough on purpose: it decides whether to begin, not when it ends.

    Raises:
        InputError: If the request names something without an adapter.
    """
    cells = [cell for cell in chosen(request, adapters) if adapters[cell.system].gap(workload.id, cell.setting) is None]
    bytes_ = 0
    unknown = []
    building = 0.0
    for system in dict.fromkeys(cell.system for cell in cells if not cell.python):
        size = downloads.estimate(adapters[system].spec)
        if size is None:
            unknown.append(system)
            size = _UNKNOWN_BYTES
        if size:
            building += _BUILD_S + size / _UNPACK_BYTES_PER_S
        bytes_ += size
    cost = workload.oracle.cost(workload.sizes[workload.size(request.size)])
    oracle_s = 3 * max(workload.ring, workload.episode * 4) * cost["flops"] / _NUMPY_FLOPS_PER_S
    launches = (len(cells) + 1) * request.launches * _START_S
    turns = max(_LEAST_ROUNDS_S, _ROUNDS_SHARE * max(0.0, request.budget_s - launches))
    return Estimate(
        environments_s=building + bytes_ / _BYTES_PER_S,
        download_bytes=bytes_,
        unknown=tuple(unknown),
        checking_s=len(cells) * _CHECK_S + oracle_s,
        rounds_s=math.ceil(
            max(request.budget_s, launches + _LEAST_ROUNDS_S) if request.full_ranking else launches + turns
        ),
    )


def expected_width(workload: Workload, domain: str = "", *, launches: int = 5) -> float:
    """Half width in points a belief would have after measuring: the anchor's share of a typical ratio, plus transfer.

    Args:
        workload: What would be measured.
        domain: Domain of the profile, which may have a transfer width of its own.
        launches: Launches of every arm; between them one program varies by two percent or so.
    """
    informs = workload.informs
    per_doubling = 100 / (math.log2(informs.ratio_100) - math.log2(informs.ratio_0))
    half_ratio = 2.2 * 0.02 * math.sqrt(2 / max(launches, 1))
    return per_doubling * half_ratio / math.log(2) + informs.transfer_widths.get(domain, informs.transfer_width)
