"""What `/api/v1/broker` answers about accounts on the broker."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from gateway.provisioning.accounts import Standing


class CredentialMade(BaseModel):
    """What its owner must be told; it is shown this once."""

    user: str
    owner: str
    password: str = Field(description="Empty with a certificate.")
    certificate: str = Field(description="PEM; empty with a password.")
    key: str = Field(description="PEM; empty with a password.")
    label: str = Field(description="What the QR code on the device says.")


class CredentialsMade(BaseModel):
    """Credentials that are shown this once."""

    text: str
    credentials: list[CredentialMade]


class BrokerAccountShown(BaseModel):
    """An account on the broker, without its secret."""

    owner: str
    user: str
    by: Literal["password", "certificate"]
    code: str | None = Field(description="The short code on a device's label.")
    bases: list[str] = Field(description="The base topics of a bridge.")
    made_at: datetime
    made_by: str
    retires_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None
    standing: Standing
