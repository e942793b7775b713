"""Names that might lead to somebody else's topics are refused; labels say what they should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.provisioning import (
    Label,
    NameRefusedError,
    bridge_rules,
    device_of_user,
    device_rules,
    gateway_rules,
    overlap,
    password,
    pattern_rules,
    read_label,
    read_short_code,
    require_base,
    require_device,
    short_code,
    user_of_bridge,
    user_of_device,
)
from devices.topic import is_device_id, parse

IDS = st.from_regex(r"[A-Za-z0-9_-]{4,64}", fullmatch=True)
HOSTILE = [
    *("+", "#", "a/b/c", "%u", "%c", "door-1\n", "door:1", "door 1", "door-1\0", "$SYS", "门-1"),
    *("", "abc", "x" * 65, "door-1~2", "bridge.a", "../../etc", "menshen-gateway", "MENSHEN-x"),
]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_no_device(name: str) -> None:
    with pytest.raises(NameRefusedError):
        require_device(name)


@pytest.mark.parametrize("name", ["", "+", "#", "a/b", "%u", "a\n", "a:b", "a b", "a.b", "x" * 49])
def test_a_hostile_name_is_no_bridge(name: str) -> None:
    with pytest.raises(NameRefusedError):
        user_of_bridge(name)


@pytest.mark.parametrize(
    "base",
    [
        *(
            "",
            "/",
            "a//b",
            "/a",
            "a/",
            "#",
            "a/#",
            "+/a",
            "a+",
            "$SYS",
            "$share/g/a",
            "a b",
            "a\nb",
        ),
        *(
            "menshen",
            "menshen/v1",
            "menshen/v1/door-1",
            "menshen/other",
            "%u",
            "x" * 129,
            "a\u2028",
        ),
    ],
)
def test_a_base_that_reaches_others_is_refused(base: str) -> None:
    with pytest.raises(NameRefusedError):
        require_base(base)


@pytest.mark.parametrize("base", ["zigbee2mqtt", "east/z2m", "网桥", "menshen2", "shellies"])
def test_a_base_of_its_own_is_taken(base: str) -> None:
    assert require_base(base) == base


@given(IDS, st.integers(2, 999_999))
def test_no_second_user_name_is_a_device_of_its_own(device: str, generation: int) -> None:
    user = user_of_device(device, generation)
    assert not is_device_id(user)
    assert device_of_user(user) == device
    assert parse(f"menshen/v1/{user}/event") is None


@given(st.from_regex(r"[A-Za-z0-9_-]{1,48}", fullmatch=True))
def test_no_bridge_is_a_device(bridge: str) -> None:
    user = user_of_bridge(bridge)
    assert not is_device_id(user)
    assert device_of_user(user) is None


def test_a_device_gets_what_the_contract_says_and_no_more() -> None:
    own = {(rule.access, rule.topic) for rule in device_rules("door-1")}
    assert own == {
        *(("write", f"menshen/v1/door-1/{leaf}") for leaf in ("event", "heartbeat")),
        *(("write", f"menshen/v1/door-1/{leaf}") for leaf in ("status", "result")),
        *(("read", f"menshen/v1/door-1/{leaf}") for leaf in ("received", "command")),
    }
    by_pattern = {(rule.access, rule.topic.replace("%u", "door-1")) for rule in pattern_rules()}
    assert by_pattern == own


def test_the_gateway_writes_only_what_devices_hear() -> None:
    written = [rule.topic for rule in gateway_rules(["zigbee2mqtt"]) if rule.access != "read"]
    assert written == ["menshen/v1/+/received", "menshen/v1/+/command"]


def test_a_bridge_is_kept_from_native_devices_before_anything_is_allowed() -> None:
    first, *rest = bridge_rules(["a", "b/c"])
    assert first == ("deny", "menshen/v1/#")
    assert rest == [("readwrite", "a/#"), ("readwrite", "b/c/#")]


@given(st.text(alphabet="ab/", min_size=1), st.text(alphabet="ab/", min_size=1))
def test_bases_overlap_where_one_topic_could_be_both(one: str, other: str) -> None:
    levels = (one.split("/"), other.split("/"))
    shorter = min(map(len, levels))
    assert overlap(one, other) == (levels[0][:shorter] == levels[1][:shorter])


# ---- passwords and codes ----


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_different_draws_are_different_passwords(one: bytes, other: bytes) -> None:
    assert (password(one) == password(other)) == (one == other)
    assert len(password(one)) == 26
    assert not set(password(one)) & set("ILOU:#+/% ")


def test_too_few_random_bytes_make_no_password() -> None:
    with pytest.raises(ValueError, match="16 random bytes"):
        password(b"x" * 15)


@given(IDS)
def test_a_short_code_is_read_as_people_type_it(device: str) -> None:
    code = short_code(device)
    assert read_short_code(code) == code
    sloppy = code.lower().replace("-", " ").replace("0", "o").replace("1", "l").replace("v", "u")
    assert read_short_code(sloppy) == code


@given(IDS, st.integers(0, 8), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_mistyped_digit_is_no_short_code(device: str, at: int, other: str) -> None:
    digits = short_code(device).replace("-", "")
    mistyped = digits[:at] + other + digits[at + 1 :]
    assert (read_short_code(mistyped) is None) == (mistyped != digits)


@given(st.text())
def test_anything_typed_is_read_or_refused(typed: str) -> None:
    code = read_short_code(typed)
    assert code is None or read_short_code(code) == code


# ---- labels ----


@given(
    IDS,
    st.integers(1, 99),
    st.text("ABCXYZ019", max_size=26),
    st.sampled_from(["", "gate.local:8883", "[fd00::1]:8883", "192.168.1.5:8883"]),
)
def test_a_label_says_what_was_put_into_it(
    device: str, generation: int, secret: str, broker: str
) -> None:
    user = user_of_device(device, generation) if secret else ""
    label = Label(device, user, secret, broker, "abc_-" if broker else "")
    assert read_label(label.uri()) == label


@given(st.text())
def test_any_other_code_is_no_label(text: str) -> None:
    assert read_label(text) is None
    found = read_label(f"menshen:1?{text}")
    assert found is None or is_device_id(found.device)
