"""Results that travel: a campaign with all its samples in one hashed file, and whole stores put together."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import bakeoff
from bakeoff.base.errors import InputError, StoreError
from bakeoff.base.files import write_atomic
from bakeoff.base.records import dumps
from bakeoff.lab.cells import Campaign
from bakeoff.lab.conclude import conclude
from bakeoff.lab.plain import loads
from bakeoff.lab.raw import Raw
from bakeoff.lab.results import differences
from bakeoff.lab.store import Store

FORMAT = 1
"""Version of the bundle."""
_MANIFEST, _RAW, _PUBLISHED = "manifest.json", "raw.json", "campaign.json"
_EPOCH = (2000, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a bundle says of itself."""

    format: int
    """Version of the bundle."""
    campaign: str
    """Campaign id."""
    software: str
    """Version of bakeoff that wrote it."""
    sha256: str
    """Digest of samples and conclusions together."""


def export(store: Store, campaign: str, path: Path) -> Manifest:
    """Writes a concluded campaign with every sample to `path`; the same campaign always gives the same bytes.

    Raises:
        InputError: If there is no such campaign or it was interrupted.
    """
    published = store.campaign(campaign)
    if published is None:
        raise InputError.one(
            "results", "", f"campaign {store.resolve(campaign)} was never concluded", "measure it again"
        )
    parts = {_RAW: dumps(store.raw(campaign)).encode(), _PUBLISHED: dumps(published).encode()}
    manifest = Manifest(FORMAT, published.id, bakeoff.__version__, _digest(parts))
    staged = io.BytesIO()
    with zipfile.ZipFile(staged, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in ((_MANIFEST, dumps(manifest, indent=1).encode()), *parts.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content, zipfile.ZIP_DEFLATED)
    write_atomic(path, staged.getvalue())
    return manifest


def load(store: Store, path: Path, *, origin: str = "") -> Campaign:
    """Reads a bundle into the store, where its claims are *measured elsewhere*, with their method.

    The hash is checked, and every number is made again from the samples before any is believed.

    Args:
        store: Where it goes.
        path: The bundle.
        origin: Name of the team or machine; the file's name when empty.

    Raises:
        InputError: If the file is no bundle, was changed, or its numbers do not follow from its samples.
        StoreError: If the campaign is in the store already.
    """
    parts = _parts(path)
    manifest = loads(Manifest, parts.pop(_MANIFEST))
    if manifest.format > FORMAT:
        raise InputError.one(str(path), "format", f"is {manifest.format}, this program reads up to {FORMAT}", "upgrade")
    if _digest(parts) != manifest.sha256:
        raise InputError.one(str(path), "sha256", "does not match the content", "the file was changed: get it again")
    raw, published = loads(Raw, parts[_RAW]), loads(Campaign, parts[_PUBLISHED])
    wrong = differences(published, conclude(replace(raw, finished=published.finished)))
    if wrong:
        raise InputError.one(str(path), "", f"published numbers do not follow from the samples: {wrong[0]}")
    store.insert(raw, published, origin=origin or path.stem)
    return published


def merge(store: Store, other: Store) -> tuple[str, ...]:
    """Adds every concluded campaign of another store that is not here yet; returns their ids.

    For stores of one's own machines: origins are kept, nothing is overwritten. Arms are never paired across campaigns,
    so putting stores together changes no number.
    """
    here = {listed.id for listed in store.listed()}
    added = []
    for listed in reversed(other.listed()):
        published = other.campaign(listed.id)
        if listed.id in here or published is None:
            continue
        store.insert(other.raw(listed.id), published, origin=listed.origin or other.path.parent.name)
        added.append(listed.id)
    return tuple(added)


def _parts(path: Path) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in (_MANIFEST, _RAW, _PUBLISHED)}
    except (OSError, zipfile.BadZipFile, KeyError, json.JSONDecodeError, StoreError) as error:
        raise InputError.one(str(path), "", f"is not a bundle of results: {error}") from error


def _digest(parts: dict[str, bytes]) -> str:
    whole = hashlib.sha256()
    for name in (_RAW, _PUBLISHED):
        whole.update(len(parts[name]).to_bytes(8, "big"))
        whole.update(parts[name])
    return whole.hexdigest()
