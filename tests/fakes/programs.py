"""Where the real programs are that some tests need; Debian keeps daemons in /usr/sbin."""

from __future__ import annotations

import os
import shutil

import pytest

WANTED = ("mosquitto", "gammu", "gammu-smsd", "smsd", "chromium", "influxd")

PACKAGES = {"influxd": "influxdb", "smsd": "smstools", "systemd-analyze": "systemd"}
"""The package, where it is named otherwise."""


def find(name: str) -> str | None:
    """Return the program's path, or None."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def need(name: str) -> str:
    """Return the program's path; skip where it is absent, but fail in CI, which installs it."""
    path = find(name)
    if path is None:
        message = f"{name} is not installed (Debian: apt-get install {PACKAGES.get(name, name)})"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path
