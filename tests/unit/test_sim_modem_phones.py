"""People behind the modem: what they read, what they answer, and when."""

from pathlib import Path
from typing import Any

import pytest

from firmware_sim.phones import PhonesError, line_of, number_in, phones_from, read_phones
from tests.fakes.sim_modem_bench import LI, Bench


def to_li(text: str) -> str:
    body = text.encode("utf-16-be")
    assert len(body) <= 140
    return f"0021000D91683119325476F80008{len(body):02X}{body.hex().upper()}"


def bench_with(*answers: dict[str, Any], **phone: Any) -> Bench:
    phones = [{"name": "Li", "number": LI, "answers": list(answers), **phone}]
    return Bench(phones, family="SIM7600").ready()


def replies(bench: Bench) -> list[str]:
    return [event["text"] for event in bench.told("reply")]


NOTICE = "【门神】南岭村3栋1203 门开超3分钟未报备 14:32起 证据2级 回复 1 4821"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (NOTICE, "4821"),
        ("1203 回复１ ４８２１", "4821"),
        ("回复1 4821 确认，电话 13912345678", "4821"),
        ("house 1203, number 4821", "4821"),
        ("nothing here, 12345", None),
    ],
)
def test_a_person_answers_with_the_number_and_not_with_the_house(
    text: str, number: str | None
) -> None:
    assert number_in(text) == number


def test_a_person_answers_each_verb_after_a_while_and_once_per_number() -> None:
    bench = bench_with({"after_s": 8, "verb": 1}, {"after_s": 40, "verb": 2})
    bench.text(to_li(NOTICE))
    bench.pass_time(6)
    assert replies(bench) == []
    assert b"+CMTI" in bench.pass_time(2)
    assert replies(bench) == ["1 4821"]
    bench.text(to_li(NOTICE))
    bench.pass_time(60)
    assert replies(bench) == ["1 4821", "2 4821"]
    bench.text(to_li(NOTICE.replace("4821", "7733")))
    bench.pass_time(60)
    assert replies(bench)[2:] == ["1 7733", "2 7733"]


def test_a_person_may_answer_in_own_words_only_to_some_texts_and_always() -> None:
    own = {"text": "回复１　{number} 收到", "verb": 1, "on": "封条", "repeat": True, "after_s": 1}
    bench = bench_with(own)
    for text in (NOTICE, NOTICE.replace("门开超3分钟", "封条断"), NOTICE.replace("门开", "封条")):
        bench.text(to_li(text))
        bench.pass_time(3)
    assert replies(bench) == ["回复１　4821 收到"] * 2


def test_speed_hurries_people_and_not_the_air() -> None:
    bench = Bench(
        [{"number": LI, "answers": [{"after_s": 60, "verb": 1}]}], family="SIM7600", speed=60
    ).ready()
    bench.text(to_li(NOTICE))
    bench.pass_time(1)
    assert replies(bench) == ["1 4821"]


def test_nobody_answers_from_a_phone_without_answers_or_one_that_nobody_has() -> None:
    bench = Bench(family="SIM7600").ready()
    bench.text(to_li(NOTICE))
    bench.pass_time(600)
    assert [event["to"] for event in bench.told("text")] == [LI]
    assert replies(bench) == []


def test_a_switched_off_phone_gets_its_text_and_reports_it_when_it_comes_on() -> None:
    bench = bench_with({"after_s": 1, "verb": 1}, switched_off=True)
    assert b"+CDS" not in bench.text(to_li(NOTICE))
    bench.pass_time(600)
    assert bench.told("text") == []
    bench.order(do="phone", number="Li", switched_off=False)
    assert b"+CDS" in bench.pass_time(1)
    assert len(bench.told("text")) == 1


def test_a_phone_may_come_on_by_itself() -> None:
    bench = bench_with(on_after_s=30.0)
    bench.text(to_li(NOTICE))
    assert bench.told("text") == []
    bench.pass_time(30)
    assert len(bench.told("text")) == 1


@pytest.mark.parametrize(
    ("sends_as", "address"),
    [("international", "0D91683119325476F8"), ("national", "0BA13119325476F8")],
)
def test_the_network_writes_a_number_its_own_way(sends_as: str, address: str) -> None:
    bench = bench_with(sends_as=sends_as)
    bench.text_from("Li", "1 4821")
    pdu = bench.ask("AT+CMGR=0").decode().split("\r\n")[2]
    assert pdu[20:].startswith(address)


@pytest.mark.parametrize("written", ["+8613912345678", "8613912345678", "13912345678"])
def test_one_line_has_one_spelling(written: str) -> None:
    assert line_of(written) == LI


def test_a_short_code_stays_as_it_is() -> None:
    assert line_of("10086") == "10086"


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ({"nummer": "1"}, "did you mean 'number'"),
        ({"name": "Li"}, "without a number"),
        ({"number": "1", "answers": [{"verb": 4}]}, "none of 1, 2, 3"),
        ({"number": "1", "answers": [{"after": 4}]}, "did you mean 'after_s'"),
        ({"number": "1", "answers": [{"after_s": 4}]}, "a verb or a text"),
        ({"number": "1", "sends_as": "pigeon"}, "pigeon"),
    ],
)
def test_a_wrong_phone_says_what_would_be_right(table: dict[str, Any], hint: str) -> None:
    with pytest.raises(PhonesError, match=hint):
        phones_from([table])


def test_a_scenario_is_a_file_or_a_built_in_name(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[[phones]]\nnumber = "10086"\n')
    assert [phone.number for phone in read_phones(str(own))] == ["10086"]
    assert read_phones("street")
    with pytest.raises(PhonesError, match="neither a file nor one of"):
        read_phones("atlantis")
