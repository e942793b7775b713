"""How a role talks to whoever started it: a line out, a line in."""

from __future__ import annotations

import json
import sys


def tell(**fields: object) -> None:
    """Write one line of JSON."""
    print(json.dumps(fields), flush=True)


def wait() -> bool:
    """Wait until told to go on; False where nobody is there any more."""
    return bool(sys.stdin.readline())
