"""Where ids and incident numbers come from: nobody can guess the next one."""

from __future__ import annotations

import secrets


class SecretDraws:
    """`alerts.state.Draws` from the operating system's randomness."""

    def new_id(self) -> str:
        """Return an id nobody used before: 64 random bits."""
        return secrets.token_hex(8)

    def four_digits(self) -> int:
        """Return 1000 to 9999."""
        return 1000 + secrets.randbelow(9000)
