"""Asking a Python package index through its client library; any index that speaks the simple protocol will do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

from packaging.utils import canonicalize_name

from bakeoff.catalog.registries import Refusal, listed, name_of, version_of
from bakeoff.catalog.registry import PackageFacts, Release

if TYPE_CHECKING:
    from pypi_simple import DistributionPackage, PyPISimple

_LIMIT_S = 60.0
_LICENCE_CHARACTERS = 80
_CANARY = ("packaging", "24.0", date(2024, 3, 10))
_KINDS = ("wheel", "sdist")


class PyPI:
    """A Python package index.

    Args:
        index: Address of its simple pages, from the user's configuration; empty for the client's default.
    """

    def __init__(self, index: str = "") -> None:
        # The client brings an HTTP stack along that only a refresh needs.
        from pypi_simple import PyPISimple  # noqa: PLC0415

        self._client: PyPISimple = PyPISimple(f"{index.rstrip('/')}/") if index else PyPISimple()

    @property
    def scheme(self) -> str:
        """Beginning of its purls."""
        return "pkg:pypi/"

    def close(self) -> None:
        """Ends the connections."""
        self._client.s.close()

    def canary(self) -> Refusal | None:
        """A release whose day is known: an index that dates it otherwise dates by copying."""
        name, version, day = _CANARY
        files = self._files(f"{self.scheme}{name}")
        if isinstance(files, Refusal):
            return files
        held = next((item for item in releases(files) if item.version == version), None)
        if held is None:
            return Refusal(self.scheme, f"does not list {name} {version}")
        good = held.released in (day, None)
        return None if good else Refusal(self.scheme, f"dates {name} {version} {held.released}, it is of {day}")

    def read(self, purl: str) -> PackageFacts | Refusal:
        """Everything the index says about one package."""
        files = self._files(purl)
        if isinstance(files, Refusal):
            return files
        latest, lines = listed(releases(files))
        newest = [item for item in files if item.version and version_of(item.version) == version_of(latest or "0")]
        wheels = [item for item in newest if item.package_type == "wheel"] if latest else []
        sizes = [item.size for item in wheels or newest if item.size] if latest else []
        return PackageFacts(
            purl=purl,
            latest=latest,
            lines=lines,
            requires_python=next((item.requires_python for item in newest if item.requires_python), "") or "",
            wheel_tags=tags(item.filename for item in wheels),
            source_only=bool(latest) and not wheels,
            download_bytes=(min(sizes), max(sizes)) if sizes else None,
            licence=self._licence(purl, wheels, latest),
        )

    def _files(self, purl: str) -> list[DistributionPackage] | Refusal:
        from pypi_simple import NoSuchProjectError, UnparsableFilenameError, UnsupportedRepoVersionError  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        name = name_of(purl)
        try:
            page = self._client.get_project_page(name, timeout=_LIMIT_S)
        except NoSuchProjectError:
            return Refusal(purl, "the index does not know it")
        except (RequestException, UnsupportedRepoVersionError, UnparsableFilenameError, ValueError) as error:
            return Refusal(purl, f"the index did not answer usefully: {' '.join(str(error).split())[:300]}")
        if canonicalize_name(page.project) != canonicalize_name(name):
            return Refusal(purl, f"asked for {name}, was told about {page.project!r}")
        files = [item for item in page.packages if item.version and item.package_type in _KINDS]
        return files or Refusal(purl, "the index lists no files")

    def _licence(self, purl: str, wheels: Sequence[DistributionPackage], latest: str) -> str:
        """The licence in the metadata beside the first wheel, else in the index's JSON; empty if in neither."""
        from pypi_simple import NoMetadataError  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415

        for item in wheels[:1]:
            try:
                return licence(self._client.get_package_metadata(item, verify=False, timeout=_LIMIT_S))
            except NoMetadataError:
                break
            except RequestException:
                return ""
        # Not part of the simple protocol: an index may serve it beside its simple pages, as the original one does.
        address = urljoin(self._client.endpoint, f"../pypi/{quote(name_of(purl))}/json")
        try:
            answer = self._client.s.get(address, timeout=_LIMIT_S)
            info = answer.json()["info"] if answer.ok else {}
        except (RequestException, ValueError, KeyError, TypeError):
            return ""
        return licence_of_info(info) if info.get("version") == latest else ""


def licence_of_info(info: Mapping[str, Any]) -> str:
    """The licence in the `info` part of an index's JSON, chosen as `licence` chooses it."""
    rows = [("License-Expression", info.get("license_expression")), ("License", info.get("license"))]
    rows += [("Classifier", text) for text in info.get("classifiers") or ()]
    return licence("\n".join(f"{name}: {' '.join(str(text).split())}" for name, text in rows if text))


def releases(files: Iterable[Any]) -> list[Release]:
    """Releases of files that have `version`, `upload_time` and `is_yanked`."""
    by_version: dict[str, list[Any]] = {}
    for item in files:
        by_version.setdefault(item.version, []).append(item)
    found = []
    for text, held in by_version.items():
        version = version_of(text)
        days = [item.upload_time.date() for item in held if item.upload_time]
        final = version is not None and not version.is_prerelease
        yanked = all(item.is_yanked for item in held)
        found.append(Release(text, min(days) if days else None, final, yanked))
    return found


def tags(filenames: Iterable[str]) -> tuple[str, ...]:
    """`python-abi-platform` of wheel file names, sorted, each once.

    >>> tags(["mlx-0.9.1-cp39-cp39-macosx_14_0_arm64.whl"])
    ('cp39-cp39-macosx_14_0_arm64',)
    """
    return tuple(sorted({"-".join(name.removesuffix(".whl").split("-")[-3:]) for name in filenames}))


def licence(metadata: str) -> str:
    """The licence a package declares: the SPDX expression, else a short licence text, else its classifier.

    >>> licence("Name: x" + chr(10) + "License: MIT")
    'MIT'
    """
    headers = HeaderParser().parsestr(metadata)
    expression = headers.get("License-Expression", "").strip()
    if expression:
        return expression
    short = headers.get("License", "").strip()
    if short and "\n" not in short and len(short) <= _LICENCE_CHARACTERS and short.upper() != "UNKNOWN":
        return short
    named = [text for text in headers.get_all("Classifier", []) if text.startswith("License ::")]
    return named[0].rsplit("::", 1)[-1].strip() if named else short.split("\n", 1)[0][:_LICENCE_CHARACTERS]
