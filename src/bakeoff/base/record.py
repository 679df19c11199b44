"""What every record of a decision is made of: a frozen struct of msgspec, equal and hashed by what it holds.

    from bakeoff.base.record import Struct

    class Claim(Struct, frozen=True): ...

A decision makes tens of thousands of records and defines a hundred kinds of them; both cost a small part of what they
cost with the standard library's dataclasses, which records that are few may well be. Imported from here alone.
"""

from __future__ import annotations

from msgspec import Struct, field
from msgspec.structs import fields, replace

__all__ = ["Struct", "field", "fields", "replace"]
