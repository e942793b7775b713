"""What every test shares: only what pytest itself needs to know."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "menshen", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("menshen")


def pytest_report_header(config: pytest.Config) -> str:
    """Say which real programs were found, so that a skipped test surprises nobody."""
    from tests.fakes.programs import WANTED, find

    found = {name: find(name) for name in WANTED}
    return "real programs: " + ", ".join(
        f"{n} {'found' if p else 'ABSENT'}" for n, p in found.items()
    )
