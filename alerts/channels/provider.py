"""An SMS provider as a `Channel`: what all of them share, around the wire of one.

A text is asked for once; no answer is *unconfirmed*, and whether it goes once more is decided where
its severity is known.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from alerts.channels import meaning
from alerts.channels.base import (
    Attempt,
    ChannelHealth,
    Message,
    Noted,
    Outcome,
    not_noted,
)
from alerts.channels.beside import beside
from alerts.channels.gsm import numbers
from alerts.channels.meaning import Meaning
from alerts.channels.template import Filled, NoTemplateError, Template, fill, parts_of

ALARM = "alarm"
"""Without a template for the first text of an incident a provider is no use."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a provider may take."""

    connect_s: float = 5.0
    read_s: float = 20.0  # between two pieces of an answer
    whole_s: float = 45.0  # from the look-up of its name to the last byte


@dataclass(frozen=True, slots=True)
class Texts:
    """What a provider has approved."""

    sign_name: str
    templates: Mapping[str, Template]
    longest: int  # characters that one variable may hold


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider took a text; `parts` where it says how many it charges."""

    reference: str
    parts: int | None = None


class RefusedError(Exception):
    """The provider said no, and why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Wire(Protocol):
    """One provider's SDK. Its calls block, and are made in a thread."""

    def load(self) -> None:
        """Import the SDK: it takes seconds on a small machine."""

    def ask(self, number: str, filled: Filled) -> Taken:
        """Ask once for one text to one phone (E.164).

        Raises `RefusedError` for an answer that says no, anything else where none came.
        """
        ...

    def meaning_of(self, code: str) -> Meaning:
        """Look up what such a no means."""
        ...


@dataclass(slots=True)
class _Standing:
    """Whether the channel may be used now; only the event loop's thread touches it."""

    reason: str = ""  # why it is down
    down_until: float = 0.0  # 0.0 since a text was taken
    refused_templates: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=lambda: {"sent": 0, "unconfirmed": 0})


class ProviderChannel:
    """Texts over one provider. A text is one reference, whatever its parts."""

    is_outside = False
    """A text by SMS is the same by whatever way it reaches the phone; what goes into the templates
    is the house's own choice."""

    def __init__(
        self,
        name: str,
        texts: Texts,
        wire: Wire,
        *,
        patience: Patience,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.slowest_s = patience.whole_s
        self._texts = texts
        self._wire = wire
        self._clock = clock
        self._standing = _Standing()
        self._is_open = False

    def health(self) -> ChannelHealth:
        """Answer from what the provider said last."""
        standing = self._standing
        facts = {key: str(count) for key, count in standing.counts.items()}
        if standing.refused_templates:
            facts["refused_templates"] = ", ".join(sorted(standing.refused_templates))
        if not self._is_open:
            return ChannelHealth(False, "stopped", facts)
        if ALARM not in self._texts.templates:
            return ChannelHealth(False, "no_template", facts)
        if self._clock() < standing.down_until:
            return ChannelHealth(False, standing.reason, facts)
        is_proven = not standing.down_until
        return ChannelHealth(True, "ready" if is_proven else "trying_again", facts)

    async def open(self) -> None:
        """Start; the SDK is loaded in the meantime."""
        self._is_open = True
        threading.Thread(target=self._load, name=f"load-{self.name}", daemon=True).start()

    def _load(self) -> None:
        with contextlib.suppress(ImportError):  # the first text says so
            self._wire.load()

    async def close(self) -> None:
        """Stop. A text that is under way is not called back."""
        self._is_open = False

    async def send(self, to: str, message: Message, noted: Noted = not_noted) -> Attempt:
        """Ask for one text; never raises for what the provider or the network does."""
        health = self.health()
        if not health.is_up:
            wait_s = max(0.0, self._standing.down_until - self._clock())
            return Attempt(Outcome.NOT_TRIED, health.reason, retry_after_s=wait_s or None, parts=0)
        number = numbers.normalise(to)
        if not numbers.is_phone(number):
            return Attempt(Outcome.FAILED_PERMANENT, meaning.NUMBER.reason, parts=0)
        try:
            filled = fill(self._texts.templates, message, self._texts.longest)
        except NoTemplateError as error:
            return Attempt(Outcome.FAILED_PERMANENT, "no_template", detail=str(error), parts=0)
        parts = parts_of(self._texts.sign_name, message.text)
        try:
            taken = await beside(lambda: self._ask(number, filled, noted), self.slowest_s)
        except RefusedError as error:
            return self._failed(self._wire.meaning_of(error.code), message, parts, error.code)
        except ImportError as error:
            return self._failed(meaning.SDK_BROKEN, message, parts, str(error.name))
        except Exception as error:  # noqa: BLE001 - whatever an SDK raises, no answer was had
            return self._failed(_without_answer(error), message, parts, type(error).__name__)
        self._standing.down_until = 0.0
        self._standing.refused_templates.discard(message.template)
        self._standing.counts["sent"] += 1
        return Attempt(
            Outcome.SENT, "provider_took_it", (taken.reference,), parts=taken.parts or parts
        )

    def _ask(self, number: str, filled: Filled, noted: Noted) -> Taken:
        taken = self._wire.ask(number, filled)
        noted(taken.reference)  # also where nobody waits any more: a receipt may still come
        return taken

    def _failed(self, what: Meaning, message: Message, parts: int, detail: str) -> Attempt:
        standing = self._standing
        is_only_this_template = what is meaning.TEMPLATE and message.template != ALARM
        if what is meaning.TEMPLATE:
            standing.refused_templates.add(message.template)
        if what.down_s and not is_only_this_template:
            standing.reason = what.reason
            standing.down_until = self._clock() + what.down_s
        if what.outcome is Outcome.UNCONFIRMED:
            standing.counts["unconfirmed"] += 1
        else:
            parts = 0
        return Attempt(
            what.outcome, what.reason, detail=detail, retry_after_s=what.retry_after_s, parts=parts
        )


def _without_answer(error: Exception) -> Meaning:
    """Tell what certainly never left from what may have gone out."""
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

    never_left = (ConnectTimeoutError, NewConnectionError, ProxyError, ssl.SSLCertVerificationError)
    is_unsent = any(isinstance(each, never_left) for each in _behind(error))
    return meaning.UNREACHABLE if is_unsent else meaning.NO_ANSWER


def _behind(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that SDK, requests and urllib3 wrapped in it."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__cause__, each.__context__, *each.args]
        waiting += [getattr(each, "reason", None), getattr(each, "inner_exception", None)]
