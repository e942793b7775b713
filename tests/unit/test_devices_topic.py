"""Native topics: the grammar, both ways."""

from __future__ import annotations

import pytest

from devices import topic


def test_a_topic_is_read_back_as_it_was_built() -> None:
    built = topic.build("door_12-A", "event")
    assert built == "menshen/v1/door_12-A/event"
    assert topic.parse(built) == ("door_12-A", "event")


@pytest.mark.parametrize(
    "outside",
    [
        "",
        "menshen/v1/door-1203",
        "menshen/v1/door-1203/",
        "menshen/v1/door-1203/event/more",
        "menshen/v1/door-1203/opened",
        "menshen/v2/door-1203/event",
        "/menshen/v1/door-1203/event",
        "menshen/v1/abc/event",
        f"menshen/v1/{'a' * 65}/event",
        "menshen/v1/门磁-1203/event",
        "menshen/v1/door 1203/event",
        "menshen/v1/door-1203/event\n",
        "menshen/v1/door-1203\n/event",
    ],
)
def test_what_is_outside_the_grammar_is_no_topic(outside: str) -> None:
    assert topic.parse(outside) is None


@pytest.mark.parametrize(("device", "leaf"), [("abc", "event"), ("a/b-c", "event"), ("abcd", "x")])
def test_a_topic_outside_the_grammar_is_not_built(device: str, leaf: str) -> None:
    with pytest.raises(ValueError, match=r"device id|leaf"):
        topic.build(device, leaf)
