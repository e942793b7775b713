"""Hears what a push service answered on the wire, and says what that means.

Apprise tells only that it worked or did not, and takes what WeCom, DingTalk and Feishu refuse for
taken: they say no with HTTP status 200. So the answers themselves are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

from alerts.channels.base import Attempt, Outcome

LONGEST_ANSWER = 4096
"""Bytes of an answer that are read: what it means stands in the first few."""


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP status and the beginning of what came with it."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Unanswered:
    """No HTTP status came; `is_connected` where the request may have gone out."""

    is_connected: bool


Answer = Answered | Unanswered


@dataclass(frozen=True, slots=True)
class Heard:
    """All that is known of one push."""

    is_taken: bool  # what Apprise says
    answers: tuple[Answer, ...]
    said: tuple[str, ...]  # Apprise's log of it: where else mail says why


@dataclass(frozen=True, slots=True)
class Codes:
    """How a service says no with HTTP status 200: in which field, and which no is for good."""

    field: str
    permanent: frozenset[int]


CODES = {
    # Robot removed or its key wrong, text not valid, robot stopped, robot not in the group.
    "wecombot": Codes("errcode", frozenset({93000, 40058, 93004, 93008})),
    # Signature, keyword or network refused; token unknown (two numbers, the later API has a third);
    # group dissolved; robot stopped.
    "dingtalk": Codes("errcode", frozenset({310000, 300001, 300005, 400101, 400013, 400102})),
    # Token unknown, signature wanted, network refused, keyword missing, text not valid.
    "feishu": Codes("code", frozenset({19001, 19021, 19022, 19024, 9499})),
    "lark": Codes("code", frozenset({19001, 19021, 19022, 19024, 9499})),
}
"""By Apprise's name. Any other number but 0 is tried again, as a limit (WeCom 45009, DingTalk
130101, Feishu 11232) or a busy service (-1) wants it."""

TRY_LATER = frozenset({408, 425, 429})
"""HTTP statuses below 500 that ask for patience (RFC 9110, 8470 and 6585)."""

_SMTP_CODE = re.compile(r"\((\d{3}), b['\"]")
"""How Python prints what a mail server answered: `(550, b'no such user')`."""
_ERRNO = re.compile(r"\[Errno (-?\d+)\]")
_BROKE_OFF = frozenset({32, 104})  # EPIPE, ECONNRESET: it was connected, and may have sent


def meaning(service: str, heard: Heard) -> Attempt:
    """Say what became of a push to `service`, by what was heard of it."""
    found = [_of_http(service, answer) for answer in heard.answers] or [_of_mail(heard)]
    taken = [each for each in found if each.outcome is Outcome.SENT]
    if taken and len(taken) < len(found):  # asking again would ask those that took it, too
        return Attempt(Outcome.SENT, "part_of_it_taken", detail=f"{len(taken)} of {len(found)}")
    worst = next((each for each in found if each.outcome is not Outcome.SENT), found[0])
    if worst.outcome is Outcome.SENT and not heard.is_taken:
        return Attempt(Outcome.FAILED_TEMPORARY, f"{service}_refused")
    return worst


def _of_http(service: str, answer: Answer) -> Attempt:
    if isinstance(answer, Unanswered):
        if answer.is_connected:
            return Attempt(Outcome.UNCONFIRMED, "no_answer")
        return Attempt(Outcome.FAILED_TEMPORARY, "not_connected", parts=0)
    if not 200 <= answer.status < 300:
        is_temporary = answer.status >= 500 or answer.status in TRY_LATER
        outcome = Outcome.FAILED_TEMPORARY if is_temporary else Outcome.FAILED_PERMANENT
        return Attempt(outcome, f"http_{answer.status}")
    return _of_body(service, answer.body)


def _of_body(service: str, body: bytes) -> Attempt:
    taken = Attempt(Outcome.SENT, "service_took_it")
    codes = CODES.get(service)
    if codes is None:
        return taken
    try:
        code = json.loads(body)[codes.field]
    except (ValueError, KeyError, TypeError):
        # Not the service, but something on the way to it: a portal, a proxy.
        return Attempt(Outcome.FAILED_TEMPORARY, f"{service}_not_understood")
    if code == 0:
        return taken
    is_permanent = isinstance(code, int) and code in codes.permanent
    outcome = Outcome.FAILED_PERMANENT if is_permanent else Outcome.FAILED_TEMPORARY
    said = code if isinstance(code, int) else "not_understood"
    return Attempt(outcome, f"{service}_{said}")


def _of_mail(heard: Heard) -> Attempt:
    """Read what Apprise wrote down where no HTTP was spoken: a mail server's code, or an error."""
    if heard.is_taken:
        return Attempt(Outcome.SENT, "service_took_it")
    text = "\n".join(heard.said)
    if code := _SMTP_CODE.search(text):
        is_permanent = code[1].startswith("5")
        outcome = Outcome.FAILED_PERMANENT if is_permanent else Outcome.FAILED_TEMPORARY
        return Attempt(outcome, f"smtp_{code[1]}")
    errno = _ERRNO.search(text)
    if errno and int(errno[1]) not in _BROKE_OFF:
        return Attempt(Outcome.FAILED_TEMPORARY, "not_connected", parts=0)
    if errno or "timed out" in text or "closed" in text:
        return Attempt(Outcome.UNCONFIRMED, "no_answer")
    return Attempt(Outcome.FAILED_TEMPORARY, "service_failed")


# ---- hearing ----

_ears: ContextVar[list[Answer] | None] = ContextVar("push_ears", default=None)


@contextmanager
def hearing() -> Iterator[list[Answer]]:
    """Collect what HTTP services answer to this context's calls of `requests`."""
    _listen()
    answers: list[Answer] = []
    token = _ears.set(answers)
    try:
        yield answers
    finally:
        _ears.reset(token)


@cache
def _listen() -> None:
    """Have `requests.post` and its like use a session that notes what it hears; once.

    They make a session of their own, and Apprise keeps the answer for itself: there is no hook.
    Calls from elsewhere are let through as they are.
    """
    from requests import RequestException, Response, sessions

    class HearingSession(sessions.Session):
        def send(self, request: Any, **options: Any) -> Response:
            answers = _ears.get()
            if answers is None:
                return super().send(request, **options)
            try:
                response = super().send(request, **options)
            except RequestException as error:
                answers.append(Unanswered(_may_have_gone_out(error)))
                raise
            answers.append(Answered(response.status_code, response.content[:LONGEST_ANSWER]))
            return response

    sessions.Session = HearingSession  # type: ignore[misc]


def _may_have_gone_out(error: Exception) -> bool:
    """Say whether the request may have left before `error` came."""
    from requests.exceptions import ConnectTimeout, ProxyError, SSLError
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, (ConnectTimeout, ProxyError, SSLError)):
        return False
    cause = error.args[0] if error.args else None
    return not isinstance(getattr(cause, "reason", None), NewConnectionError)
