"""R14 and R15 without a modem: parts in any order, copies, strangers, and what is given up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.base import DeliveryReport, IncomingText
from alerts.channels.gsm.inbox import Inbox, Kept, Slot
from alerts.channels.gsm.octets import swap
from alerts.channels.gsm.reassembly import SETS, SETS_PER_SENDER
from alerts.channels.gsm.segments import segments
from alerts.channels.gsm.userdata import encode

HOUR = 3600.0


def parts_of(text: str, *, sender: str = "8613912345678", ref: int = 1, bits: int = 8) -> list[str]:
    """The PDUs in which a text arrives, built from the same user data but by hand."""
    pdus = []
    for user in segments(text, ref=ref, ref_bits=bits):
        first = "44" if user.concat else "04"
        dcs = "08" if user.encoding.value == "ucs2" else "00"
        address = f"{len(sender):02x}91" + swap(sender).hex()
        pdus.append(f"00{first}{address}00{dcs}52309041503323" + encode(user).hex())
    return pdus


class Box:
    """An inbox and what came of it."""

    def __init__(self) -> None:
        self.came: list[IncomingText | DeliveryReport] = []
        self.kept: list[Kept] = []
        self.deleted: list[int] = []
        self.inbox = Inbox("modem", self.came.append, self.kept.append)
        self._index = 0

    def take(self, *pdus: str, now: float = 0.0) -> None:
        for raw in pdus:
            self._index += 1
            done = self.inbox.take(raw, Slot("SM", self._index), now)
            self.deleted += [slot.index for slot in done]

    @property
    def texts(self) -> list[str]:
        return [what.text for what in self.came if isinstance(what, IncomingText)]


LONG = "字😀" * 70


@given(st.data(), st.sampled_from([8, 16]))
def test_r15_any_order_with_copies_is_one_text(data: st.DataObject, bits: int) -> None:
    parts = parts_of(LONG, bits=bits)
    copies = data.draw(st.lists(st.sampled_from(parts), max_size=6))
    box = Box()

    box.take(*data.draw(st.permutations(parts + copies)))

    assert box.texts == [LONG]
    assert sorted(box.deleted) == list(range(1, len(parts + copies) + 1))


def test_r15_one_person_under_two_spellings_is_one_sender() -> None:
    first, second, *rest = parts_of(LONG)
    national = second.replace("0d91683119325476f8", "0ba13119325476f8")
    box = Box()

    box.take(first, national, *rest)

    assert box.texts == [LONG]
    assert [what.sender for what in box.came if isinstance(what, IncomingText)] == [
        "+8613912345678"
    ]


def test_r15_two_senders_with_one_reference_are_two_texts() -> None:
    one, other = "甲" * 100, "乙" * 100
    box = Box()
    for mine, theirs in zip(parts_of(one), parts_of(other, sender="8613800000000"), strict=True):
        box.take(mine, theirs)

    assert box.texts == [one, other]


def test_r15_width_and_total_tell_texts_of_one_reference_apart() -> None:
    box = Box()
    box.take(parts_of("甲" * 100)[0], parts_of("乙" * 100, bits=16)[0], parts_of("丙" * 140)[0])

    assert len(box.inbox._reassembly) == 3


def test_r15_a_reference_that_came_round_begins_a_new_text() -> None:
    old, new = parts_of("旧" * 100), parts_of("新" * 100)
    box = Box()

    box.take(old[0], *new, now=HOUR)

    assert box.texts == ["新" * 100]
    assert [(kept.pdu, kept.reason) for kept in box.kept] == [(old[0], "parts_missing")]
    assert sorted(box.deleted) == [1, 2, 3]


def test_r15_parts_are_given_up_after_24_hours_and_kept_raw() -> None:
    first, second = parts_of("字" * 100)
    box = Box()
    box.take(first, now=0.0)

    assert box.inbox.give_up_old_parts(23.9 * HOUR) == []
    assert box.inbox.give_up_old_parts(24 * HOUR) == [Slot("SM", 1)]
    box.take(second, now=25 * HOUR)
    assert box.texts == []
    assert [kept.pdu for kept in box.kept] == [first]


def test_r15_first_parts_without_end_cost_only_their_sender() -> None:
    honest = parts_of("字" * 100, sender="8613800000000")
    box = Box()
    box.take(honest[0])
    for ref in range(256):
        box.take(parts_of("弹" * 100, ref=ref)[0])

    assert len(box.inbox._reassembly) == SETS_PER_SENDER + 1
    assert len(box.kept) == 256 - SETS_PER_SENDER
    box.take(honest[1])
    assert box.texts == ["字" * 100]


def test_r15_many_senders_cannot_fill_the_memory() -> None:
    box = Box()
    for sender in range(2 * SETS):
        box.take(parts_of("弹" * 100, sender=f"86139{sender:08d}")[0])

    assert len(box.inbox._reassembly) == SETS


def test_r14_a_copy_within_24_hours_is_no_new_text() -> None:
    (only,) = parts_of("1 4821")
    box = Box()

    box.take(only, now=0.0)
    box.take(only, now=23.9 * HOUR)
    assert box.texts == ["1 4821"]
    assert box.deleted == [1, 2]

    box.take(only, now=48 * HOUR)
    assert len(box.texts) == 2


def test_r14_a_copy_by_way_of_another_centre_is_a_copy() -> None:
    (only,) = parts_of("1 4821")
    box = Box()

    box.take(only, "0891683108100005F0" + only.removeprefix("00"))

    assert box.texts == ["1 4821"]


def test_r14_the_same_words_at_another_time_are_another_text() -> None:
    (only,) = parts_of("1 4821")
    box = Box()

    box.take(only, only.replace("52309041503323", "52309041504323"))

    assert box.texts == ["1 4821", "1 4821"]
