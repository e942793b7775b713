"""A new installer's morning in a real browser at 390 px, devices speaking over a real broker."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from devices.provisioning import short_code
from gateway.accounts.rights import Role
from tests.fakes.chromium import DESK, PHONE, Chromium
from tests.fakes.fault_wait import soon
from tests.fakes.site import HOME, PASSWORD, Site, site

MOST_TAPS, MOST_FIELDS = 12, 1
# A browser that goes away in the middle of a download leaves the server a file to be collected.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
AT_A_STEP = "location.pathname.startsWith('/install/do/')"
PICTURES = Path(os.environ.get("MENSHEN_PICTURES", "/nonexistent"))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        await made.person("chen", Role.INSTALLER)
        yield made


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    with Chromium(tmp_path / "profile") as opened:
        yield opened


class Hand:
    """Somebody with the phone in one hand: what they do runs beside the gateway."""

    def __init__(self, browser: Chromium, here: Site) -> None:
        self.browser, self.here = browser, here

    async def log_in(self, lang: str) -> None:
        await self.does("open", f"{self.here.url}/login?next=/install&lang={lang}")
        for css, text in (("[name=login]", "chen"), ("[name=password]", PASSWORD)):
            await self.does("tap", css=css)
            await self.does("type", text)
        await self.does("tap", css="main button")
        await self.does("until", "location.pathname === '/install'")
        self.browser.taps, self.browser.fields_typed, self.browser.smallest = 0, 0, 1e9

    async def does(self, what: str, *arguments: object, **named: object) -> None:
        await asyncio.to_thread(getattr(self.browser, what), *arguments, **named)

    async def picture(self, name: str) -> None:
        assert not await asyncio.to_thread(lambda: self.browser.is_too_wide), name
        if not PICTURES.is_dir():
            return
        for width, height in (DESK, PHONE):
            await self.does("size", width, height)
            await self.does("photograph", PICTURES / f"{name}-{width}.png")


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("zh", ("下一步", "前门", "全部通过", "已送达，启用", "已启用")),
        ("en", ("Next", "front door", "All ticked", "Served: put", "In service")),
    ],
)
async def test_from_the_label_in_hand_to_in_service_takes_at_most_12_taps_and_one_typed_field(
    here: Site, browser: Chromium, lang: str, words: tuple[str, ...]
) -> None:
    hand = Hand(browser, here)
    onward, place, ticked, served, done = words
    await hand.log_in(lang)
    await hand.picture(f"today-{lang}")
    await hand.does("tap", css="[name=code]")
    await hand.does("type", short_code("door-7f3a").lower())
    await hand.does("tap", onward)
    await hand.does("until", AT_A_STEP)
    await hand.does("point", HOME)
    await hand.picture(f"home-{lang}")
    await hand.does("tap", HOME)
    await hand.does("point", place)
    await hand.picture(f"place-{lang}")
    await hand.does("tap", place)
    await hand.does("until", "!!document.getElementById('ticks')", "the checklist")
    await here.says("door-7f3a", "door", "open")
    await hand.does("until", "document.querySelectorAll('.met').length >= 3", "ticks arrive")
    await hand.picture(f"ticks-{lang}")
    await here.says("door-7f3a", "door", "closed")
    await hand.does("sees", ticked)
    await hand.picture(f"ticked-{lang}")
    await hand.does("tap", served)
    await hand.does("sees", done)
    await hand.picture(f"done-{lang}")
    assert here.state("door-7f3a") == "in_service"
    assert browser.taps <= MOST_TAPS, browser.taps
    assert browser.fields_typed <= MOST_FIELDS
    assert browser.smallest >= 44  # a thumb's (WCAG 2.2, 2.5.5)


async def test_a_link_that_drops_loses_nothing_and_enters_it_once(
    here: Site, browser: Chromium
) -> None:
    hand = Hand(browser, here)
    await hand.log_in("zh")
    await hand.does("tap", css="[name=code]")
    await hand.does("type", short_code("door-7f3a"))
    await hand.does("goes_offline")
    await hand.does("tap", "下一步")
    await hand.does("sees", "没有网络")
    await hand.picture("offline-zh")
    assert here.rows("SELECT count(*) FROM installings") == [(0,)]
    await hand.does("goes_offline", is_offline=False)
    await hand.does("until", AT_A_STEP)
    assert here.rows("SELECT device, outcome FROM installings") == [("door-7f3a", "")]


async def test_a_page_that_is_not_renewed_says_so_and_goes_on_by_itself(
    here: Site, browser: Chromium
) -> None:
    hand = Hand(browser, here)
    await hand.log_in("zh")
    await hand.does("tap", HOME)
    await hand.does("until", "!!document.querySelector('[name=home]')")
    await hand.does("tap", css="[name=code]")
    await hand.does("type", short_code("seal-22aa"))
    await hand.does("tap", "下一步")
    await hand.does("tap", "前门")
    await hand.does("until", "!!document.getElementById('ticks')", "the checklist")
    await hand.does("goes_offline")
    await hand.does("sees", "页面没有刷新")
    await hand.does("goes_offline", is_offline=False)
    await here.says("seal-22aa", "seal", "applied")
    await hand.does("sees", "全部通过")
    await hand.does("until", "document.getElementById('stale').hidden")
    await soon(lambda: here.state("seal-22aa") == "mounted", "it is mounted")


async def test_lists_and_the_page_of_a_device_fit_a_phone_at_night(
    here: Site, browser: Chromium
) -> None:
    phone = await here.phone("chen")
    for device, kind in (("door-7f3a", "contact"), ("door-91bc", "contact")):
        await phone.open("/install")
        await phone.submit("/begin", code=short_code(device))
        await phone.submit("/home", home=HOME)
        await phone.submit("/mount", where=f"{kind}:front_door")
        await here.says(device, "door", "open")
    await here.says("door-7f3a", "door", "closed")
    installing = here.rows("SELECT id FROM installings WHERE device = 'door-7f3a'")[0][0]
    await phone.open(f"/install/do/{installing}")
    await phone.submit("/sign-off", served="yes")
    await phone.open("/install/devices")
    await phone.submit("/check/door-7f3a", outcome="good")
    hand = Hand(browser, here)
    await hand.log_in("zh")
    await hand.does("at_night")
    for name in ("devices", "device/door-7f3a", "open"):
        for lang in ("zh", "en"):
            await hand.does("open", f"{here.url}/install/{name}?lang={lang}")
            await hand.does("sees", "door-7f3a" if name != "open" else "door-91bc")
            await hand.picture(f"night-{name.replace('/', '-')}-{lang}")
