"""What a person does with the own account: log in, show a code, change password and second factor.

Each in the caller's transaction, audited in it. Passwords were compared before: that takes long.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from alerts.tables import micros
from gateway.accounts import factor, sessions, store
from gateway.accounts.passwords import FIRST_LASTS
from gateway.accounts.rights import Account, Refusal, Right, is_fresh
from gateway.accounts.sessions import Browser, Session
from gateway.accounts.store import Stored
from gateway.accounts.turn import Turn, account_owner
from gateway.audit.chain import Action


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody is in: who, and what the browser holds from now on."""

    account: Account
    ticket: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A login that was tried: what was typed, and whether the password was right."""

    login: str
    is_right: bool
    against: str | None  # the encoded hash that the password was compared with
    code: str
    browser: Browser
    replaces: str = ""  # what the browser holds of an earlier session
    kept_anew: str | None = None  # the same password, hashed with today's parameters


def sign_in(turn: Turn, tried: Tried) -> SignedIn | None:
    """Open a session if everything is right; a refusal says to nobody outside what was wrong."""
    stored = store.by_login(turn.connection, tried.login)
    wrong = _wrong(turn, stored, tried)
    if stored is None or wrong:
        # What was typed in place of a login may be anything, a password too: it is not kept.
        subject = subject_of(stored.account) if stored else ""
        turn.note(Action.LOGIN_REFUSED, subject, f"{wrong} from {tried.browser.address}")
        return None
    account = stored.account
    factor_at = turn.now if account.has_factor else None
    turn = replace(turn, by=account)
    if tried.kept_anew is not None:
        store.change(turn.connection, account.id, password=tried.kept_anew)
    sessions.end_held(turn.connection, tried.replaces)
    session, ticket = sessions.open_(
        turn.connection, turn.keys, account.id, tried.browser, turn.now, factor_at=factor_at
    )
    turn.note(Action.LOGIN, subject_of(account), f"session {session}")
    return SignedIn(replace(account, factor_at=factor_at), ticket)


def sign_out(turn: Turn, session: Session) -> None:
    """End the session that is used."""
    sessions.end(turn.connection, session.id, session.account)
    turn.note(Action.LOGOUT, f"account:{session.account}", f"session {session.id}")


def end_session(turn: Turn, account: Account, session: str) -> Refusal | None:
    """End another session of the own account."""
    if refusal := _own(turn):
        return refusal
    if sessions.end(turn.connection, session, account.id):
        turn.note(Action.SESSION_ENDED, subject_of(account), f"session {session}")
    return None


def show_code(turn: Turn, account: Account, session: Session, code: str) -> str | None:
    """Show a code once more; return the session's new secret, None where it is no good."""
    if not _takes_code(turn, account.id, code):
        turn.refuse(Refusal.FACTOR_WRONG, "show_code", subject_of(account))
        return None
    ticket = sessions.renew(turn.connection, session.id, factor_at=micros(turn.now))
    turn.note(Action.FACTOR_SHOWN, subject_of(account), f"session {session.id}")
    return ticket


def change_password(turn: Turn, account: Account, session: Session, encoded: str) -> str:
    """Keep a new password; every other session ends. Return this one's new secret."""
    values = {"password": encoded, "password_at": micros(turn.now), "must_change": False}
    store.change(turn.connection, account.id, **values)
    sessions.end_all(turn.connection, account.id, but=session.id)
    turn.note(Action.PASSWORD_CHANGED, subject_of(account))
    return sessions.renew(turn.connection, session.id)


def begin_factor(turn: Turn, account: Account) -> str | Refusal:
    """Make a secret to be scanned; it counts once a code of it was shown."""
    if refusal := _own(turn) or _may_change_factor(turn, account):
        return refusal
    secret = factor.new_secret()
    sealed = turn.keys.seal(account_owner(account.id), secret)
    store.change(turn.connection, account.id, factor_pending=sealed)
    return secret


def set_up_factor(
    turn: Turn, account: Account, session: Session, code: str
) -> tuple[list[str], str] | Refusal:
    """Take the scanned secret into use; return ten recovery codes and the session's new secret."""
    if refusal := _own(turn) or _may_change_factor(turn, account):
        return refusal
    secret = store.factor_secret(turn.connection, turn.keys, account.id, pending=True)
    step = factor.step_of(secret, code, 0, turn.now) if secret else None
    if secret is None or step is None:
        return turn.refuse(Refusal.FACTOR_WRONG, "set_up_factor", subject_of(account))
    sealed = turn.keys.seal(account_owner(account.id), secret)
    store.change(turn.connection, account.id, factor=sealed, factor_pending=None, factor_step=step)
    sessions.end_all(turn.connection, account.id, but=session.id)
    turn.note(Action.FACTOR_SET_UP, subject_of(account))
    codes = factor.new_recovery_codes()
    store.put_recovery_codes(turn.connection, account.id, codes)
    ticket = sessions.renew(turn.connection, session.id, factor_at=micros(turn.now))
    return codes, ticket


def renew_recovery_codes(turn: Turn, account: Account) -> list[str] | Refusal:
    """Make ten new codes in place of all old ones."""
    if refusal := _own(turn):
        return refusal
    if not is_fresh(account.factor_at, turn.now):
        return turn.refuse(Refusal.FACTOR_TOO_OLD, "recovery_codes", subject_of(account))
    codes = factor.new_recovery_codes()
    store.put_recovery_codes(turn.connection, account.id, codes)
    turn.note(Action.RECOVERY_CODES_MADE, subject_of(account))
    return codes


def subject_of(account: Account) -> str:
    """Return what the audit calls an account, before it is digested."""
    return f"account:{account.id}"


def _wrong(turn: Turn, stored: Stored | None, tried: Tried) -> str:
    """Say, for the audit, what was wrong; "" where nothing was. Uses up a right code."""
    if stored is None:
        return "no such account"
    if not tried.is_right or stored.password != tried.against:
        return "wrong password"
    if stored.account.is_disabled:
        return "disabled"
    made_at = stored.password_at
    if stored.account.must_change and (made_at is None or turn.now - made_at > FIRST_LASTS):
        return "first password too old"
    if stored.account.has_factor and not _takes_code(turn, stored.account.id, tried.code):
        return "wrong code"
    return ""


def _takes_code(turn: Turn, account: str, code: str) -> bool:
    """Use up a code of the moment or of recovery; say whether it was good."""
    stored = store.by_id(turn.connection, account)
    secret = store.factor_secret(turn.connection, turn.keys, account)
    if stored is None or secret is None:
        return False
    step = factor.step_of(secret, code, stored.factor_step, turn.now)
    if step is not None:
        store.change(turn.connection, account, factor_step=step)
        return True
    if not store.use_recovery_code(turn.connection, account, code):
        return False
    left = store.recovery_codes_left(turn.connection, account)
    turn.note(Action.RECOVERY_CODE_USED, f"account:{account}", f"{left} left")
    return True


def _own(turn: Turn) -> Refusal | None:
    return turn.why_not(Right.OWN_ACCOUNT, ())


def _may_change_factor(turn: Turn, account: Account) -> Refusal | None:
    """Whoever took over an open session must not put a factor of their own in place."""
    if account.has_factor and not is_fresh(account.factor_at, turn.now):
        return turn.refuse(Refusal.FACTOR_TOO_OLD, "set_up_factor", subject_of(account))
    return None
