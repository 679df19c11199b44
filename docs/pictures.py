"""Takes the pictures of a report that the documentation shows: narrow and wide, light and dark. Needs Chromium on PATH.

Usage: python docs/pictures.py REPORT.html [FOLDER]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent / "guide" / "pictures"
SIZES = {375: 1700, 1440: 1900}
"""Width and height in CSS pixels: the top of the page, down to the reasons."""
SCHEMES = {"light": "1", "dark": "0"}
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def main() -> int:
    """Writes one picture for each width and colour scheme; returns the exit code."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None or len(sys.argv) < 2:
        print(__doc__ if program else f"none of {', '.join(PROGRAMS)} is on PATH", file=sys.stderr)
        return 2
    report = Path(sys.argv[1]).resolve()
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for width, height in SIZES.items():
        for name, scheme in SCHEMES.items():
            picture = folder / f"report-{width}-{name}.png"
            take(program, report, picture, size=(width, height), scheme=scheme)
            print(picture)
    return 0


def take(program: str, report: Path, picture: Path, *, size: tuple[int, int], scheme: str) -> None:
    """One picture of the top of a page.

    Raises:
        CalledProcessError: If the browser fails.
    """
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    with tempfile.TemporaryDirectory() as profile:
        words = [program, *options, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}"]
        words += [f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={picture}", report.as_uri()]
        subprocess.run(words, check=True, capture_output=True, timeout=120)  # noqa: S603 - a fixed program, no shell


if __name__ == "__main__":
    sys.exit(main())
