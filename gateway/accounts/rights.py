"""Who may do what, and why not: one table of roles and rights, decided without looking anything up.

A right is asked for at a place of the area tree: the ids from that place up to the city. An account
has its rights at its own node and at what lies below it. Who may unmask needs a second factor for
anything at all, and a code of the last quarter of an hour for unmasking itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

FACTOR_HOLDS = timedelta(minutes=15)
"""A code is good for unmasking for this long (ours; shorter than the half hour of inactivity that
NIST SP 800-63B allows a session)."""

Place = tuple[str, ...]
"""Ids of areas from the innermost one up to the city."""
EVERYWHERE: Place = ()
"""What belongs to no one area: only accounts that see all have a right there."""


class Role(StrEnum):
    """What an account is for."""

    INSTALLER = "installer"
    TEAM_MEMBER = "team_member"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class Kind(StrEnum):
    """Who uses an account."""

    PERSON = "person"
    SERVICE = "service"


class Right(StrEnum):
    """One thing that may be done, at a place."""

    OWN_ACCOUNT = "own_account"
    """Change one's own password and second factor, see and end one's own sessions."""
    SEE_STATUS = "see_status"
    """The status page: counts, buildings, incident numbers."""
    SEE_HOMES = "see_homes"
    """Homes, residents and devices, masked."""
    SEE_INCIDENTS = "see_incidents"
    """Incidents with their steps and texts."""
    ACT = "act"
    """Report in, arrive, resolve."""
    REVIEW = "review"
    """Close what a colleague resolved, or reopen it."""
    PERMIT = "permit"
    """Grant and revoke announced openings."""
    SILENCE = "silence"
    """Record, but tell nobody."""
    INSTALL = "install"
    """Mount, check, move and take back devices; sign off a home."""
    REGISTER = "register"
    """Enter and change areas, buildings, homes, residents, orders and teams; import lists."""
    PROVISION = "provision"
    """Make, rotate and revoke credentials of devices; print labels."""
    RELEASE = "release"
    """Release a home, with the end of its data."""
    EXPORT = "export"
    """Take lists out of the gateway, masked."""
    UNMASK = "unmask"
    """See a name, phone or door in full, with a reason."""
    SEE_AUDIT = "see_audit"
    """Read the audit and its heads."""
    KEEP_ACCOUNTS = "keep_accounts"
    """Create, change and disable accounts; make tokens."""


_MINIMUM = frozenset({Right.OWN_ACCOUNT, Right.SEE_STATUS})
RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.INSTALLER: _MINIMUM | {Right.SEE_HOMES, Right.INSTALL},
        Role.TEAM_MEMBER: _MINIMUM
        | {Right.SEE_HOMES, Right.SEE_INCIDENTS, Right.ACT, Right.PERMIT, Right.UNMASK},
        Role.SUPERVISOR: _MINIMUM
        | {Right.SEE_HOMES, Right.SEE_INCIDENTS, Right.REVIEW, Right.PERMIT, Right.SILENCE}
        | {Right.RELEASE, Right.EXPORT, Right.UNMASK, Right.SEE_AUDIT},
        Role.ADMINISTRATOR: _MINIMUM
        | {Right.SEE_HOMES, Right.REGISTER, Right.PROVISION, Right.INSTALL}
        | {Right.SEE_AUDIT, Right.KEEP_ACCOUNTS},
        Role.AUDITOR: _MINIMUM | {Right.SEE_AUDIT},
    }
)
"""The one table. Whoever keeps accounts unmasks nobody, and whoever audits changes nothing."""

AT_NO_PLACE = frozenset({Right.OWN_ACCOUNT, Right.SEE_STATUS, Right.SEE_AUDIT})
"""Rights about the gateway itself, or oneself: the area of an account says nothing about them."""


class Refusal(StrEnum):
    """Why somebody may not."""

    DISABLED = "disabled"
    EXPIRED = "expired"
    PASSWORD_TO_CHANGE = "password_to_change"  # noqa: S105 - the name of a reason
    FACTOR_MISSING = "factor_missing"
    NOT_OF_ROLE = "not_of_role"
    OUT_OF_SCOPE = "out_of_scope"
    OTHER_AREA = "other_area"
    FACTOR_TOO_OLD = "factor_too_old"
    REASON_TOO_SHORT = "reason_too_short"
    FACTOR_WRONG = "factor_wrong"
    PASSWORD_WRONG = "password_wrong"  # noqa: S105 - the name of a reason
    # what is asked of accounts themselves
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_AREA = "unknown_area"
    LOGIN_TAKEN = "login_taken"
    LOGIN_WRONG = "login_wrong"
    OWN_RIGHTS = "own_rights"
    LAST_ADMINISTRATOR = "last_administrator"
    NO_SERVICE = "no_service"
    NO_PERSON = "no_person"


PERSONS_ONLY = frozenset({Right.OWN_ACCOUNT, Right.UNMASK})
"""Rights that no program has: there is nobody to give a code or a reason."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who is asking, as far as rights go."""

    id: str
    login: str
    role: Role
    kind: Kind = Kind.PERSON
    area: str = ""  # id of the top of what it sees; empty: all
    is_disabled: bool = False
    must_change: bool = False
    has_factor: bool = False
    factor_at: datetime | None = None  # when a code was last shown, in this session
    scopes: frozenset[Right] | None = None  # of a token; None: all of the role
    expires_at: datetime | None = None  # of a token

    @property
    def rights(self) -> frozenset[Right]:
        """Every right of the account somewhere, whatever else is asked for it."""
        rights = RIGHTS[self.role] - (PERSONS_ONLY if self.kind is Kind.SERVICE else frozenset())
        return rights if self.scopes is None else rights & self.scopes

    @property
    def needs_factor(self) -> bool:
        """Say whether a second factor is required, set up or not."""
        return self.kind is Kind.PERSON and Right.UNMASK in RIGHTS[self.role]


MACHINE = Account("machine", "machine", Role.ADMINISTRATOR)
"""Whoever brings the machine's own token, which only its user can read."""


def why_not(account: Account, right: Right, area: Place, now: datetime) -> Refusal | None:
    """Return why the account has no such right at a place now; None where it has."""
    if account.is_disabled:
        return Refusal.DISABLED
    if account.expires_at is not None and now >= account.expires_at:
        return Refusal.EXPIRED
    if right not in RIGHTS[account.role]:
        return Refusal.NOT_OF_ROLE
    if right not in account.rights:
        return Refusal.OUT_OF_SCOPE
    if right is not Right.OWN_ACCOUNT and account.must_change:
        return Refusal.PASSWORD_TO_CHANGE
    if right is not Right.OWN_ACCOUNT and account.needs_factor and not account.has_factor:
        return Refusal.FACTOR_MISSING
    if right not in AT_NO_PLACE and account.area and account.area not in area:
        return Refusal.OTHER_AREA
    return _why_not_unmask(account, now) if right is Right.UNMASK else None


def is_fresh(factor_at: datetime | None, now: datetime) -> bool:
    """Say whether a code was shown so lately that it is good for unmasking."""
    return factor_at is not None and timedelta() <= now - factor_at < FACTOR_HOLDS


def _why_not_unmask(account: Account, now: datetime) -> Refusal | None:
    if not account.has_factor:
        return Refusal.FACTOR_MISSING
    return None if is_fresh(account.factor_at, now) else Refusal.FACTOR_TOO_OLD
