"""The closed vocabulary of what can become of a measured cell. A failed cell is a row, never a gap."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of one cell; `advice` says what a user can do about it."""

    OK = "ok"
    UNSUPPORTED = "unsupported"
    MISSING = "missing"
    WRONG = "wrong"
    FAILED = "failed"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    OUT_OF_MEMORY = "out_of_memory"
    NOISY = "noisy"
    REFUSED = "refused"
    SKIPPED = "skipped"

    @property
    def advice(self) -> str:
        """One sentence: what this outcome means and what to do next."""
        return _ADVICE[self]

    @property
    def measured(self) -> bool:
        """Whether a cell with this outcome carries a speed that may be shown."""
        return self in (Outcome.OK, Outcome.NOISY)


_ADVICE = {
    Outcome.OK: "Agreed with the oracle and was timed.",
    Outcome.UNSUPPORTED: "The system does not do this workload; the adapter's [gaps] says whose gap it is.",
    Outcome.MISSING: "Something it needs is not on this machine; the detail names it: install that and run again.",
    Outcome.WRONG: "Its output disagrees with the oracle, so it has no speed; compare dtype and math mode first.",
    Outcome.FAILED: "It raised an error; the detail holds its last words, `bakeoff results show` the whole log.",
    Outcome.CRASHED: "Its process died without a reply; the detail names the signal. Other cells are unaffected.",
    Outcome.TIMEOUT: "It gave no reply within its time limit; raise the limit or choose a smaller size.",
    Outcome.OUT_OF_MEMORY: "It went over the memory limit; raise --memory or choose a smaller size.",
    Outcome.NOISY: "It ran and is correct, but too few samples were undisturbed; run again on a quieter machine.",
    Outcome.REFUSED: "bakeoff declined to run it here; the detail says what it would cost and how to allow it.",
    Outcome.SKIPPED: "Not run: out of budget, or already settled; run again with a larger --budget.",
}
