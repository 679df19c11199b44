"""Records of the lab from their JSON text."""

from __future__ import annotations

import json
from typing import TypeVar

from bakeoff.base.errors import StoreError
from bakeoff.base.records import from_plain

T = TypeVar("T")


def loads(kind: type[T], text: str | bytes) -> T:
    """The record of type `kind` that `base.records.dumps` wrote.

    Raises:
        StoreError: If the text is not such a record.
    """
    try:
        return from_plain(kind, json.loads(text))
    except (ValueError, TypeError) as error:
        advice = "another version of bakeoff wrote it; that version still reads it"
        raise StoreError(f"a stored {kind.__name__} cannot be read: {error}", advice=advice) from error
