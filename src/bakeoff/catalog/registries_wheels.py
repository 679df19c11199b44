"""Reading folders of wheels, for machines without an index: what exists and its size, never when it was released."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from bakeoff.catalog.registries import Refusal, listed, name_of
from bakeoff.catalog.registries_pypi import licence, tags
from bakeoff.catalog.registry import PackageFacts, Release


class WheelFolders:
    """Python packages in folders, as pip's `find-links` names them."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    @property
    def scheme(self) -> str:
        """Beginning of its purls."""
        return "pkg:pypi/"

    def canary(self) -> Refusal | None:
        """A folder lies in the open: what it holds is what there is."""
        if any(folder.is_dir() and any(folder.glob("*.whl")) for folder in self._folders):
            return None
        return Refusal(self.scheme, f"no wheels in {', '.join(map(str, self._folders)) or 'any folder'}")

    def read(self, purl: str) -> PackageFacts | Refusal:
        """Versions, tags, sizes and the newest wheel's metadata."""
        wanted = canonicalize_name(name_of(purl))
        found = [(version, path) for name, version, path in self._wheels() if name == wanted]
        if not found:
            return Refusal(purl, "no wheel of it in the folders")
        held = {version for version, _ in found}
        latest, lines = listed(Release(version, None, final="rc" not in version) for version in held)
        newest = [path for version, path in found if version == latest]
        sizes = [path.stat().st_size for path in newest]
        return PackageFacts(
            purl=purl,
            latest=latest,
            lines=lines,
            wheel_tags=tags(path.name for path in newest),
            download_bytes=(min(sizes), max(sizes)) if sizes else None,
            licence=_licence(newest[0]) if newest else "",
        )

    def _wheels(self) -> Iterator[tuple[str, str, Path]]:
        for folder in self._folders:
            for path in sorted(folder.glob("*.whl")) if folder.is_dir() else ():
                try:
                    name, version, _, _ = parse_wheel_filename(path.name)
                except InvalidWheelFilename:
                    continue
                yield name, str(version), path


def _licence(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as wheel:
            name = next((item for item in wheel.namelist() if item.endswith(".dist-info/METADATA")), None)
            return licence(wheel.read(name).decode("utf-8", "replace")) if name else ""
    except (OSError, zipfile.BadZipFile):
        return ""
