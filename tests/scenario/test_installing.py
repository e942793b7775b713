"""Installing over real pages and a real broker: the whole way, who may not, what comes twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from devices.provisioning import short_code
from gateway.accounts.rights import Role
from gateway.installing import store
from gateway.installing.late import Late
from tests.fakes.fault_wait import soon
from tests.fakes.site import FAR, HOME, OTHER, Phone, Site, site

PAGE_LIMIT = 30_000


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as made:
        await made.person("chen", Role.INSTALLER, "nanling")
        yield made


async def begin(phone: Phone, device: str) -> None:
    await phone.open("/install")
    await phone.submit("/install/begin", code=short_code(device))


async def mount(
    phone: Phone, device: str, where: str = "contact:front_door", home: str = HOME
) -> None:
    await begin(phone, device)
    await phone.submit("/home", home=home)
    await phone.submit("/mount", where=where)


async def install(here: Site, phone: Phone, device: str, served: str = "yes") -> None:
    await mount(phone, device)
    await here.says(device, "door", "open")
    await here.says(device, "door", "closed")
    await phone.open(phone.path)
    await phone.submit("/sign-off", served=served)


# ---- the whole way ----


async def test_a_device_goes_from_its_label_into_service_and_its_home_is_watched(
    here: Site,
) -> None:
    phone = await here.phone("chen")
    await begin(phone, "door-7f3a")
    assert HOME in phone.shown
    await phone.submit("/home", home=HOME)
    await phone.submit("/mount", where="contact:front_door")
    assert here.state("door-7f3a") == "mounted"
    assert phone.shown.count('class="met"') == 0
    await here.says("door-7f3a", "door", "open")
    ticks = (await phone.client.get(f"{phone.path}/ticks")).text
    assert "门还开着" in ticks
    assert "<html" not in ticks
    await here.says("door-7f3a", "door", "closed")
    await phone.open(phone.path)
    await phone.submit("/sign-off", served="yes")
    assert "这一户有人看护" in phone.shown
    assert here.state("door-7f3a") == "in_service"
    assert len(here.rows("SELECT 1 FROM orders WHERE notice_served_at IS NOT NULL")) == 1
    assert [row.action for row in here.audited()][-2:] == ["device_mounted", "device_in_service"]
    assert here.rows("SELECT place FROM bindings WHERE until_at IS NULL") == [("前门",)]
    await phone.open("/install")
    assert HOME not in phone.shown


async def test_without_a_notice_served_the_home_is_not_watched_and_it_is_said(here: Site) -> None:
    phone = await here.phone("chen")
    await install(here, phone, "door-7f3a", served="no")
    assert "告知书未送达" in phone.shown
    assert here.state("door-7f3a") == "in_service"
    assert not here.rows("SELECT 1 FROM orders WHERE notice_served_at IS NOT NULL")


async def test_no_page_names_a_resident_and_none_is_heavy(here: Site) -> None:
    phone = await here.phone("chen")
    shown = [await phone.open("/install")]
    await mount(phone, "door-7f3a")
    shown.append(phone.shown)
    for path in ("devices", "device/door-7f3a", "open"):
        shown.append(await phone.open(f"/install/{path}"))
        assert phone.status == 200
    assert not [page for page in shown if "张三" in page]
    assert max(len(page.encode()) for page in shown) < PAGE_LIMIT
    policy = (await phone.client.get("/install")).headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


async def test_a_camera_waits_for_its_sign_and_its_view(here: Site) -> None:
    phone = await here.phone("chen")
    await mount(phone, "cam-55ff", "camera:outside")
    await here.says("cam-55ff", "camera", "motion")
    await phone.open(phone.path)
    for _ in range(2):
        field = "looks_outside" if 'name="looks_outside"' in phone.shown else "signage"
        await phone.submit("/confirm", **{field: "yes"})
    assert "全部通过" in phone.shown
    assert "/sign-off" in phone.shown


# ---- refusals ----


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("K7F3-Q9XC-X", "读不出"),
        ("menshen:1?i=door-none", "没有登记"),
        ("http://evil.example/?i=door-7f3a", "读不出"),
        ("x" * 400, "读不出"),
    ],
)
async def test_what_is_no_label_of_a_known_device_is_refused(
    here: Site, code: str, said: str
) -> None:
    phone = await here.phone("chen")
    await phone.submit("/install/begin", code=code)
    assert said in phone.shown
    assert not here.rows("SELECT 1 FROM installings")


async def test_a_scanned_label_goes_on_like_a_typed_code(here: Site) -> None:
    phone = await here.phone("chen")
    await phone.submit("/install/begin", code="menshen:1?i=door-7f3a")
    assert "door-7f3a" in phone.shown
    assert HOME in phone.shown


async def test_a_device_of_another_kind_than_its_place_is_refused(here: Site) -> None:
    phone = await here.phone("chen")
    await begin(phone, "cam-55ff")
    await phone.submit("/home", home=HOME)
    await phone.submit("/mount", where="camera:bedside")
    assert "设备不对" in phone.shown
    assert here.state("cam-55ff") == "registered"


async def test_a_device_that_hangs_elsewhere_says_since_when_and_not_where(here: Site) -> None:
    await here.person("wu", Role.INSTALLER, "buji")
    phone = await here.phone("chen")
    await install(here, phone, "door-7f3a")
    other = await here.phone("wu")
    await begin(other, "door-7f3a")
    assert "装在别处" in other.shown
    assert HOME not in other.shown
    assert "1203" not in other.shown


async def test_a_weak_signal_and_a_half_done_checklist_are_not_signed_off(here: Site) -> None:
    phone = await here.phone("chen")
    await mount(phone, "door-7f3a")
    await here.says("door-7f3a", "door", "open", rssi=-97)
    await here.says("door-7f3a", "door", "closed", rssi=-97)
    await phone.open(phone.path)
    assert "信号太弱" in phone.shown
    assert "/sign-off" not in phone.shown
    token = phone.form("/leave")[1]["form"]
    answer = await phone.client.post(
        f"{phone.path}/sign-off", data={"form": token, "once": "x", "served": "yes"}
    )
    assert "信号太弱，不能启用" in answer.text
    assert here.state("door-7f3a") == "mounted"


async def test_a_retained_open_from_yesterday_ticks_nothing(here: Site) -> None:
    phone = await here.phone("chen")
    await mount(phone, "door-7f3a")
    base = "menshen/v1/door-7f3a"
    old = b'{"seq": 1, "boot": "b9", "kind": "door", "state": "open", "age_s": 86400}'
    await here.sends(f"{base}/event", old)
    await phone.open(phone.path)
    assert "还没收到" in phone.shown
    assert 'class="met"' not in phone.shown


async def test_a_home_without_an_order_and_an_unknown_one_are_refused(here: Site) -> None:
    await here.enter(
        "homes",
        "440307006031299",
        building="nl-3",
        team="team-3",
        address="南岭村3栋1299",
    )
    phone = await here.phone("chen")
    await begin(phone, "door-7f3a")
    await phone.submit("/home", home="440307006031299")
    assert "没有隔离令" in phone.shown
    await phone.submit("/home", home="nowhere")
    assert "没有这个房屋编码" in phone.shown


# ---- who may not ----


async def test_an_installer_sees_and_chooses_homes_of_the_own_area_alone(here: Site) -> None:
    phone = await here.phone("chen")
    assert FAR not in phone.shown
    await begin(phone, "door-7f3a")
    assert FAR not in phone.shown
    step = phone.path
    assert FAR not in await phone.open(f"{step}?home=&q=101")
    assert HOME in await phone.open(f"{step}?home=&q=1203")
    await phone.submit("/home", home=FAR)
    assert phone.status == 403
    assert here.rows("SELECT watch FROM installings") == [(None,)]
    assert [row.action for row in here.audited()][-1] == "refused"


async def test_somebody_elses_unfinished_device_is_not_there_for_another_area(here: Site) -> None:
    await here.person("wu", Role.INSTALLER, "buji")
    phone = await here.phone("chen")
    await mount(phone, "door-7f3a")
    other = await here.phone("wu")
    await other.open(phone.path)
    assert other.status == 403
    await other.open("/install/open")
    assert "door-7f3a" not in other.shown
    await other.open("/install/device/door-7f3a")
    assert other.status == 403


@pytest.mark.parametrize("role", [Role.AUDITOR])
async def test_who_has_no_right_to_install_sees_no_page_of_it(here: Site, role: Role) -> None:
    await here.person("lin", role)
    phone = await here.phone("lin")
    for path in ("", "/devices", "/device/door-7f3a", "/do/0", "/open"):
        await phone.open(f"/install{path}")
        assert phone.status == 403, path


async def test_nobody_gets_in_without_a_login(here: Site) -> None:
    phone = await here.phone("chen")
    phone.client.cookies.clear()
    for path in ("/install", "/install/devices", "/install/open"):
        await phone.open(path)
        assert phone.path == "/login"


async def test_a_form_from_another_page_changes_nothing(here: Site) -> None:
    phone = await here.phone("chen")
    sent = {"code": short_code("door-7f3a"), "form": "0" * 64, "once": "a"}
    await phone.client.post("/install/begin", data=sent)
    own = {**phone.form("/install/begin")[1], "code": short_code("door-7f3a")}
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    await phone.client.post("/install/begin", data=own, headers=elsewhere)
    assert not here.rows("SELECT 1 FROM installings")


# ---- twice, late, stale ----


async def test_a_form_sent_twice_is_entered_once_with_one_answer(here: Site) -> None:
    phone = await here.phone("chen")
    code = short_code("door-7f3a")
    first = await phone.send("/install/begin", code=code)
    second = await phone.send("/install/begin", code=code)
    assert first.url == second.url
    assert here.rows("SELECT count(*) FROM installings") == [(1,)]
    phone.path = first.url.path
    await phone.open(phone.path)
    await phone.submit("/home", home=HOME)
    for _ in range(2):
        answer = await phone.send("/mount", where="contact:front_door")
        assert answer.status_code == 200
    mounted = [row for row in here.audited() if row.action == "device_mounted"]
    assert len(mounted) == 1


async def test_a_page_that_is_stale_says_so_and_shows_what_is_now(here: Site) -> None:
    phone, again = await here.phone("chen"), await here.phone("chen")
    await begin(phone, "door-7f3a")
    await again.open(phone.path)
    await phone.submit("/home", home=HOME)
    await phone.submit("/mount", where="contact:front_door")
    await again.submit("/home", home=OTHER)
    assert "页面已过时" in again.shown
    assert HOME in again.shown


async def test_what_was_begun_is_gone_on_with_after_the_phone_was_lost(here: Site) -> None:
    phone = await here.phone("chen")
    await mount(phone, "door-7f3a")
    again = await here.phone("chen")
    assert "door-7f3a" in again.shown
    await again.submit("/install/begin", code=short_code("door-7f3a"))
    assert again.path == phone.path


async def test_the_lead_is_told_of_a_device_left_behind_and_the_supervisors_list_has_it(
    here: Site,
) -> None:
    phone = await here.phone("chen")
    await mount(phone, "door-7f3a")
    desk = here.gateway.desk
    later = desk.now() + timedelta(minutes=16)
    watcher = Late(desk.writer, desk.pipeline, timedelta(minutes=15), lambda: later)
    assert await watcher.look() == 1
    assert await watcher.look() == 0
    watch, contact, text = here.rows("SELECT watch, contact, text FROM notices")[0]
    assert contact == "team-3/lead"
    assert "3栋1203 设备装上15分钟仍未启用" in desk.keys.unseal(str(watch), text)
    await here.gateway.desk.write(
        lambda c: store.change(
            c,
            here.rows("SELECT id FROM installings")[0][0],
            mounted_at=here.rows("SELECT mounted_at FROM installings")[0][0] - 16 * 60 * 10**6,
        )
    )
    await phone.open("/install/open")
    assert "超时" in phone.shown


# ---- afterwards ----


async def test_a_device_is_checked_daily_with_who_and_when(here: Site) -> None:
    phone = await here.phone("chen")
    await install(here, phone, "door-7f3a")
    await phone.open("/install/devices")
    assert "-61 dBm" in phone.shown
    assert "今日未检" in phone.shown
    await phone.submit("/check/door-7f3a", outcome="good")
    assert "今日已检：chen" in phone.shown
    await phone.open("/install/device/door-7f3a")
    await phone.submit("/check/door-7f3a", outcome="faulty")
    assert here.state("door-7f3a") == "faulty"
    checks = [row.detail for row in here.audited() if row.action == "device_checked"]
    assert checks == ["good", "faulty"]


async def test_a_device_is_taken_back_replaced_and_moved_and_its_history_stays(here: Site) -> None:
    phone = await here.phone("chen")
    await install(here, phone, "door-7f3a")
    await phone.open("/install/device/door-7f3a")
    await phone.submit("/take-back/door-7f3a", then="replace")
    assert here.state("door-7f3a") == "removed"
    assert HOME in phone.shown
    await phone.submit("/install/begin", code=short_code("door-91bc"))
    await phone.submit("/mount", where="contact:front_door")
    assert here.state("door-91bc") == "mounted"
    await phone.open("/install/device/door-91bc")
    await phone.submit("/take-back/door-91bc", then="move")
    await phone.submit("/home", home=OTHER)
    await phone.submit("/mount", where="contact:back_door")
    places = here.rows("SELECT place, until_at IS NULL FROM bindings WHERE device = 'door-91bc'")
    assert sorted(places) == [("前门", 0), ("后门", 1)]


async def test_taking_back_before_service_ends_what_was_begun(here: Site) -> None:
    phone = await here.phone("chen")
    await mount(phone, "door-7f3a")
    await phone.submit("/leave")
    assert "已收回" in phone.shown
    assert here.rows("SELECT outcome FROM installings") == [("given_up",)]
    assert here.state("door-7f3a") == "removed"


async def test_a_freed_device_is_refused_until_somebody_says_it_is_wiped(here: Site) -> None:
    phone = await here.phone("chen")
    await install(here, phone, "door-7f3a")
    headers = {"Authorization": f"Bearer {here.gateway.desk.token}"}
    answer = await phone.client.post(
        "/api/v1/releases", json={"home": HOME, "why": "医生签字解除"}, headers=headers
    )
    assert answer.status_code < 300, answer.text
    await begin(phone, "door-7f3a")
    assert "还没清空" in phone.shown
    await phone.open("/install")
    await phone.submit("/wiped/door-7f3a")
    await begin(phone, "door-7f3a")
    assert OTHER in phone.shown
    assert "device_wiped" in [row.action for row in here.audited()]


async def test_trying_a_door_at_a_home_that_is_watched_tells_nobody_and_later_openings_do(
    tmp_path: Path,
) -> None:
    async with site(tmp_path, "[policy.opening]\nbounce_s = 0.001") as here:
        await here.person("chen", Role.INSTALLER)
        await try_at_a_watched_home(here)


async def try_at_a_watched_home(here: Site) -> None:
    began = here.gateway.desk.now() - timedelta(hours=2)
    await here.enter(
        "homes",
        HOME,
        building="nl-3",
        team="team-3",
        address="南岭村3栋1203",
        starts_at=f"{began:%Y-%m-%d %H:%M}+00:00",
        notice_served_at=f"{began:%Y-%m-%d %H:%M}+00:00",
    )
    phone = await here.phone("chen")
    await mount(phone, "door-7f3a")
    await here.says("door-7f3a", "door", "open")
    await here.says("door-7f3a", "door", "closed")
    await phone.open(phone.path)
    assert "告知书已送达" in phone.shown
    await phone.submit("/sign-off", served="yes")
    assert here.state("door-7f3a") == "in_service"
    assert not here.rows("SELECT 1 FROM incidents")
    granted = here.rows("SELECT purpose, granted_by, revoked_at IS NULL FROM permits")
    assert granted == [("installing", "chen", 0)]
    await here.says("door-7f3a", "door", "open")
    await soon(lambda: here.rows("SELECT 1 FROM incidents"), "somebody is told")
