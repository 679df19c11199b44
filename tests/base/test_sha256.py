"""Digests are SHA-256, wherever they come from."""

from __future__ import annotations

import hashlib
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from bakeoff.base.sha256 import sha256


@given(st.binary(max_size=300))
def test_it_is_the_digest_of_the_standard_library(data: bytes) -> None:
    assert sha256(data) == hashlib.sha256(data).digest()


def test_it_is_the_same_where_the_interpreter_has_none_of_its_own() -> None:
    program = (
        "import sys; sys.modules['_sha2'] = sys.modules['_sha256'] = None;"
        "from bakeoff.base.sha256 import sha256; print('hashlib' in sys.modules, sha256(b'a').hex())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", hashlib.sha256(b"a").hexdigest()]
