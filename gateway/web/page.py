"""The status page: one server-rendered page in two languages, without login and without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from alerts.model import ConditionKind
from alerts.wording import WORDINGS
from gateway.homes.look import Standing
from gateway.remedies import remedy_for
from gateway.web.picture import BuildingLine, ChannelLine, Picture, take
from gateway.web.ports import GatewayView, Language
from gateway.web.words import LANGUAGES, Words

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def routes(view: GatewayView, session: str) -> APIRouter:
    """Serve the page, and the part of it that is renewed; `session`: the cookie of a login."""
    router = APIRouter(include_in_schema=False)

    async def shown(template: str, request: Request) -> HTMLResponse:
        wanted = request.query_params.get("lang")
        language: Language = "en" if wanted == "en" else "zh" if wanted == "zh" else view.language
        has_session = session in request.cookies  # whether it is good is asked where it leads
        picture = await take(view)
        return HTMLResponse(
            render(template, picture, language, view.name, view.timezone, has_session=has_session)
        )

    @router.get("/")
    async def page(request: Request) -> HTMLResponse:
        return await shown("page.html", request)

    @router.get("/live")
    async def live(request: Request) -> HTMLResponse:
        return await shown("live.html", request)

    return router


def render(
    template: str,
    picture: Picture,
    language: Language,
    name: str,
    timezone: str,
    *,
    has_session: bool = False,
) -> str:
    """Render a picture. Times are local, with the date where it is not today's."""
    words = LANGUAGES[language]
    wording = WORDINGS[language]
    zone = ZoneInfo(timezone)
    today = picture.now.astimezone(zone).date()

    def clock(at: datetime, is_long: bool = False) -> str:
        local = at.astimezone(zone)
        if is_long:
            return f"{local:%Y-%m-%d %H:%M:%S}"
        return f"{local:%H:%M}" if local.date() == today else f"{local:%m-%d %H:%M}"

    def headline(kind: ConditionKind) -> str:
        phrase = wording.what[kind]
        # Figures of a policy stand in some; the page knows of no one home's policy.
        return (phrase.standing or phrase.shortest) if "{" in phrase.full else phrase.full

    return TEMPLATES.get_template(template).render(
        picture=picture,
        words=words,
        roles=wording.roles,
        lang=language,
        name=name,
        has_session=has_session,
        clock=clock,
        headline=headline,
        until=lambda at: _until(at, picture.now, words),
        bar=_bar,
        part=lambda part: _part(part, words),
        parts=[each for each in picture.health.findings if not each.part.startswith("channel ")],
        remedy=lambda reason: _remedy(reason, language),
        network=lambda line: " · ".join(filter(None, _network(line, words))),
    )


def _remedy(reason: str, language: Language) -> tuple[str, str]:
    """Return what is the matter with a channel, and what to do."""
    remedy = remedy_for(reason)
    return remedy.what(language), remedy.do(language)


def _network(line: ChannelLine, words: Words) -> Iterator[str]:
    """Yield what a person should know of a modem and its network; nothing of it is personal."""
    facts = line.health.facts
    signal = facts.get("signal_dbm", "")
    if signal.removeprefix("-").isdecimal():
        yield words.signal.format(dbm=signal)
    registration = facts.get("registration", "")
    yield words.registration.get(registration, registration.replace("_", " "))
    yield from (facts.get("operator", ""), facts.get("technology", "").upper())
    if "stored" in facts:
        yield words.stored.format(of=facts["stored"])


def _until(at: datetime, now: datetime, words: Words) -> str:
    left_s = (at - now).total_seconds()
    if left_s <= 0:
        return words.overdue
    minutes, seconds = divmod(int(left_s), 60)
    hours, minutes = divmod(minutes, 60)
    left = words.hours if hours else words.minutes if minutes else words.seconds
    return left.format(h=hours, m=minutes, s=seconds)


def _bar(line: BuildingLine) -> Iterator[tuple[Standing, int, int]]:
    """Yield each standing's start and width, in homes."""
    start = 0
    for standing in (Standing.INCIDENT, Standing.UNKNOWN, Standing.QUIET, Standing.UNWATCHED):
        count = line.homes.get(standing, 0)
        if count:
            yield standing, start, count
            start += count


def _part(part: str, words: Words) -> str:
    """Name a part; `channel gsm` is a part of the gateway, and `gsm` its own name."""
    kind, _, name = part.partition(" ")
    return f"{words.part.get(kind, kind)} {name}".rstrip()
