"""One transaction in which somebody does something with accounts; what is done is audited in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from gateway.accounts.rights import Account, Place, Refusal, Right, why_not
from gateway.audit import store as audit
from gateway.audit.chain import Action
from gateway.privacy import GATEWAY, KeyStore


def account_owner(account: str) -> str:
    """Return the owner of what is sealed for an account."""
    return f"account:{account}"


@dataclass(frozen=True, slots=True)
class Turn:
    """Who does it, when, and in which transaction."""

    connection: Connection
    keys: KeyStore
    now: datetime
    by: Account | None  # None: somebody we do not know

    @property
    def actor(self) -> str:
        """Return the account's id, under which the audit knows it."""
        return self.by.id if self.by else audit.NOBODY

    def note(
        self, action: Action, subject: str = "", detail: str = "", *, owner: str = GATEWAY
    ) -> None:
        """Write it into the audit."""
        audit.append(
            self.connection,
            self.keys,
            self.now,
            self.actor,
            action,
            subject,
            detail,
            owner=owner,
        )

    def why_not(
        self, right: Right, area: Place, subject: str = "", *, owner: str = GATEWAY
    ) -> Refusal | None:
        """Return why it may not be done; a refusal is audited, and `subject` with it."""
        refusal = (
            Refusal.UNKNOWN_ACCOUNT if self.by is None else why_not(self.by, right, area, self.now)
        )
        return None if refusal is None else self.refuse(refusal, right, subject, owner=owner)

    def refuse(
        self, refusal: Refusal, asked: str, subject: str = "", *, owner: str = GATEWAY
    ) -> Refusal:
        """Audit that something was asked for and refused; return the refusal."""
        self.note(Action.REFUSED, subject, f"{asked}: {refusal}", owner=owner)
        return refusal
