"""All that mosquitto is given: accounts, access, and certificates where there is an authority."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from gateway import tls
from gateway.config import Config
from gateway.provisioning import witness
from gateway.provisioning.accounts import Account
from gateway.provisioning.authority import Authority
from gateway.provisioning.files import ACCESS, PASSWORDS, render_access, render_passwords
from gateway.provisioning.issuing import gateway_bases

REVOKED = "revoked.pem"


class Contents(NamedTuple):
    """What the directory should hold."""

    files: dict[str, bytes]  # by name
    version: str  # the password that these files give to the witness


def contents(config: Config, accounts: Sequence[Account], now: datetime) -> Contents:
    """Return each file by its name in `broker.directory`.

    Raises `AuthorityError` where there is an authority that cannot be used.
    """
    let_in = [account for account in accounts if account.is_let_in(now)]
    bases = gateway_bases(let_in, config.zigbee2mqtt.bases)
    files = {
        PASSWORDS: render_passwords(accounts, now).encode(),
        ACCESS: render_access(accounts, now, bases).encode(),
    }
    if tls.is_made(config.tls_dir):
        authority = Authority.open(config.tls_dir)
        barred = (each.serial for each in accounts if each.serial and each.is_barred(now))
        files[tls.AUTHORITY] = tls.read(config.tls_dir / tls.AUTHORITY)
        files[tls.BROKER] = tls.read(config.tls_dir / tls.BROKER)
        files[REVOKED] = authority.revocations(barred)
    version = witness.password_of(files)
    files[PASSWORDS] += witness.line_of(version).encode()
    return Contents(files, version)
