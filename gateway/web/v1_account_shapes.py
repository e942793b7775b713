"""What `/api/v1` answers about accounts, their tokens, and the audit."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from gateway.accounts.rights import Kind, Right, Role
from gateway.web.v1_shapes import Done


class AccountShown(BaseModel):
    """An account, without any secret."""

    login: str
    id: str
    kind: Kind
    role: Role
    area: str = Field(description="At the top of what it sees; empty: all.")
    is_disabled: bool
    has_factor: bool
    waits_for_login: bool = Field(description="Its first password was not changed yet.")
    tokens: int
    created_at: datetime


class FirstPassword(Done):
    """A password that is shown this once, and changed at the first login."""

    password: str | None = Field(default=None, description="A program has none.")


class TokenShown(BaseModel):
    """A token, without its secret."""

    id: str
    rights: list[Right]
    area: str
    created_at: datetime
    expires_at: datetime
    is_revoked: bool


class TokenMade(Done):
    """A token that is shown this once."""

    id: str
    token: str


class AuditRow(BaseModel):
    """Who did what."""

    seq: int
    at: datetime
    actor: str
    action: str
    subject: str = Field(description="Empty where it cannot, or may not, be read.")
    detail: str
    hash: str


class ChainHead(BaseModel):
    """Where the chain stood when a day ended."""

    day: date
    seq: int
    hash: str
