"""`python -m gateway.cli`: `menshen`, where an environment has no script of that name."""

from __future__ import annotations

from gateway.cli import main

if __name__ == "__main__":
    main()
