"""What the simulated modem says, byte for byte: real programs overlook five of these."""

from typing import Any

import pytest

from tests.fakes.sim_modem_bench import LI, SUBMIT, SUBMIT_LENGTH, Bench


@pytest.fixture
def bench() -> Bench:
    return Bench(family="SIM7600").ready()


def test_a_line_and_its_final_code_are_framed_by_cr_lf_on_both_sides(bench: Bench) -> None:
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"
    assert bench.ask("AT") == b"\r\nOK\r\n"
    assert bench.ask("AT+NONSENSE") == b"\r\nERROR\r\n"


def test_the_prompt_is_cr_lf_greater_than_space(bench: Bench) -> None:
    assert bench.ask(f"AT+CMGS={SUBMIT_LENGTH}") == b"\r\n> "


def test_a_sent_part_answers_its_reference_and_then_ok(bench: Bench) -> None:
    assert bench.text().startswith(b"\r\n+CMGS: 0\r\n\r\nOK\r\n")
    assert bench.text().startswith(b"\r\n+CMGS: 1\r\n\r\nOK\r\n")


def test_the_reference_wraps_after_255(bench: Bench) -> None:
    bench.world.state.sim.last_reference = 254
    assert b"+CMGS: 255" in bench.text()
    assert b"+CMGS: 0" in bench.text()


@pytest.mark.parametrize("command", ["AT+CMGR=0", "AT+CMGL=4"])
def test_a_listed_length_counts_the_tpdu_and_not_the_service_centre(
    bench: Bench, command: str
) -> None:
    assert bench.text_from(LI, "1 4821") == b'\r\n+CMTI: "SM",0\r\n'
    header, pdu = bench.ask(command).decode().split("\r\n")[1:3]
    octets = bytes.fromhex(pdu)
    assert octets[0] == 8, "a service centre of eight octets precedes the TPDU"
    assert int(header.rsplit(",", 1)[1]) == len(octets) - 9
    assert pdu == pdu.upper()


def test_the_store_query_names_three_stores_with_use_and_size(bench: Bench) -> None:
    bench.text_from(LI, "1 4821")
    expected = b'\r\n+CPMS: "SM",1,50,"SM",1,50,"SM",1,50\r\n\r\nOK\r\n'
    assert bench.ask("AT+CPMS?") == expected
    assert bench.ask('AT+CPMS="ME","SM","SM"') == b"\r\n+CPMS: 0,50,1,50,1,50\r\n\r\nOK\r\n"


def test_a_list_of_two_is_one_block_of_lines(bench: Bench) -> None:
    for number in ("1 4821", "1 4822"):
        bench.text_from(LI, number)
    lines = bench.ask("AT+CMGL=4").split(b"\r\n")
    assert [line[:8] for line in lines if line.startswith(b"+")] == [b"+CMGL: 0", b"+CMGL: 1"]
    assert lines[0] == b""
    assert lines[-4:] == [lines[-4], b"", b"OK", b""]
    assert len(lines) == 8


def test_commands_on_one_line_are_carried_out_in_order_up_to_the_first_error(bench: Bench) -> None:
    assert bench.ask("AT+CMEE=1;+CREG=2") == b"\r\nOK\r\n"
    assert bench.ask('ATE0+CSCS="GSM";+CMGF?') == b"\r\n+CMGF: 0\r\n\r\nOK\r\n"
    answered = bench.ask("AT+CMGF?;+NONSENSE;+CMGF=1")
    assert answered == b"\r\n+CMGF: 0\r\n\r\nERROR\r\n"
    assert bench.order(do="state")["cmgf"] == 0


def test_a_semicolon_between_quotes_ends_no_command(bench: Bench) -> None:
    assert bench.ask('AT+CSCA="+86;1";+CSCA?').startswith(b'\r\n+CSCA: "+86;1",145')


def test_each_character_is_echoed_until_ate0() -> None:
    bench = Bench()
    assert bench.send("AT\r") == b"AT\r\r\nOK\r\n"
    assert bench.send("ATE0\r") == b"ATE0\r\r\nOK\r\n"
    assert bench.send("AT\r") == b"\r\nOK\r\n"


def test_bytes_may_come_one_at_a_time_after_noise_and_after_esc() -> None:
    bench = Bench().ready()
    for octet in b"\x1b\r\x00\xff\nAT+CMGF?":
        assert bench.send(bytes([octet])) == b""
    assert bench.send("\r") == b"\r\n+CMGF: 0\r\n\r\nOK\r\n"


def test_esc_leaves_the_prompt_and_sends_nothing(bench: Bench) -> None:
    bench.ask(f"AT+CMGS={SUBMIT_LENGTH}")
    assert bench.send(SUBMIT[:10] + "\x1b") == b"\r\nOK\r\n"
    bench.pass_time(1)
    assert bench.told("text") == []
    assert bench.ask("AT") == b"\r\nOK\r\n"


@pytest.mark.parametrize(
    ("announced", "typed"),
    [
        (SUBMIT_LENGTH + 1, SUBMIT),
        (SUBMIT_LENGTH, "\n" + SUBMIT),
        (SUBMIT_LENGTH, SUBMIT[:-1]),
        (SUBMIT_LENGTH, SUBMIT[:-2] + "ZZ"),
        (SUBMIT_LENGTH, ""),
    ],
)
def test_a_pdu_that_is_not_as_announced_is_refused(
    bench: Bench, announced: int, typed: str
) -> None:
    bench.ask(f"AT+CMGS={announced}")
    assert bench.send(typed + "\x1a") == b"\r\n+CMS ERROR: 304\r\n"


def test_in_text_mode_no_pdu_is_taken(bench: Bench) -> None:
    bench.ask("AT+CMGF=1")
    assert bench.ask(f"AT+CMGS={SUBMIT_LENGTH}") == b"\r\n+CMS ERROR: 303\r\n"
    assert bench.ask("AT+CMGL=4") == b"\r\n+CMS ERROR: 303\r\n"


def test_what_is_typed_while_a_text_is_on_the_air_waits_for_its_answer(bench: Bench) -> None:
    bench.ask(f"AT+CMGS={SUBMIT_LENGTH}")
    assert bench.send(SUBMIT + "\x1aAT\r") == b""
    assert bench.pass_time(0.06) == b"\r\n+CMGS: 0\r\n\r\nOK\r\n\r\nOK\r\n"


def test_a_urc_waits_while_a_pdu_is_typed_and_comes_before_the_answer(bench: Bench) -> None:
    bench.ask(f"AT+CMGS={SUBMIT_LENGTH}")
    assert bench.text_from(LI, "1 4821") == b""
    said = bench.send(SUBMIT + "\x1a") + bench.pass_time(0.06)
    assert said == b'\r\n+CMTI: "SM",0\r\n\r\n+CMGS: 0\r\n\r\nOK\r\n'


def test_a_report_comes_direct_with_its_pdu_where_cnmi_asks_for_it(bench: Bench) -> None:
    *_, header, pdu, _end = bench.text().decode().split("\r\n")
    assert header == f"+CDS: {len(pdu) // 2 - 9}"
    assert bytes.fromhex(pdu)[-1] == 0


def test_a_report_is_stored_and_announced_where_cnmi_asks_for_that(bench: Bench) -> None:
    bench.ask("AT+CNMI=2,1,0,2,0")
    assert bench.text().endswith(b'\r\n+CDSI: "SR",0\r\n')
    bench.ask('AT+CPMS="SR"')
    assert bench.ask("AT+CMGR=0").startswith(b"\r\n+CMGR: 0,,26\r\n")


def test_every_part_that_asked_gets_a_report_of_its_own(bench: Bench) -> None:
    body = "6C34"
    for index in ("01", "02"):
        bench.text("0061000D91683119325476F80008080500034A02" + index + body)
    assert [event["mr"] for event in bench.told("report")] == [0, 1]
    assert [event["parts"] for event in bench.told("text")] == [2]
    assert bench.told("text")[0]["text"] == "水水"


def test_a_text_comes_direct_and_must_be_acknowledged_where_csms_is_1(bench: Bench) -> None:
    bench.ask("AT+CSMS=1;+CNMI=2,2,0,1,0")
    assert bench.text_from(LI, "1 4821").startswith(b"\r\n+CMT: ,")
    assert bench.ask("AT+CNMA") == b"\r\nOK\r\n"
    assert bench.ask("AT+CNMA") == b"\r\n+CMS ERROR: 340\r\n"
    bench.text_from(LI, "1 4822")
    bench.pass_time(16)
    assert bench.order(do="state")["cnmi"] == [2, 0, 0, 0, 0]
    bench.pass_time(6)
    assert bench.order(do="state")["stores"]["SM"] == 1, "the network brings it again"


def test_deleting_frees_a_slot_and_flag_4_frees_all(bench: Bench) -> None:
    for number in ("1 4821", "1 4822", "1 4823"):
        bench.text_from(LI, number)
    assert bench.ask("AT+CMGD=1") == b"\r\nOK\r\n"
    assert bench.ask("AT+CMGR=1") == b"\r\n+CMS ERROR: 321\r\n"
    assert bench.text_from(LI, "1 4824") == b'\r\n+CMTI: "SM",1\r\n'
    assert bench.ask("AT+CMGD=0,4") == b"\r\nOK\r\n"
    assert bench.order(do="state")["stores"]["SM"] == 0


def test_a_reset_forgets_settings_is_deaf_for_a_while_and_says_so(bench: Bench) -> None:
    bench.text_from(LI, "1 4821")
    assert bench.ask("AT+CFUN=1,1") == b"\r\nOK\r\n"
    assert bench.ask("AT") == b""
    assert bench.pass_time(1).startswith(b"\r\nRDY\r\n")
    state = bench.order(do="state")
    assert (state["echo"], state["cnmi"]) == (True, [2, 1, 0, 0, 0])
    assert state["stores"]["SM"] == 1


def test_without_network_nothing_goes_out_and_what_comes_in_waits(bench: Bench) -> None:
    bench.ask("AT+CREG=1")
    assert bench.order(do="fault", fault="no-network,for=20")["event"] == "done"
    assert bench.said() == b"\r\n+CREG: 2\r\n"
    assert bench.text() == b"\r\n+CMS ERROR: 331\r\n"
    assert bench.text_from(LI, "1 4821") == b""
    assert bench.pass_time(25) == b'\r\n+CREG: 1\r\n\r\n+CMTI: "SM",0\r\n'


def test_a_locked_sim_counts_its_tries_and_refuses_texts() -> None:
    bench = Bench(family="EC25", pin="1234").ready()
    assert bench.ask("AT+CPIN?").startswith(b"\r\n+CPIN: SIM PIN\r\n")
    assert bench.ask(f"AT+CMGS={SUBMIT_LENGTH}") == b"\r\n+CMS ERROR: 311\r\n"
    assert bench.ask('AT+CPIN="0000"') == b"\r\n+CME ERROR: 16\r\n"
    assert bench.ask('AT+QPINC="SC"') == b'\r\n+QPINC: "SC",2,10\r\n\r\nOK\r\n'
    assert bench.ask('AT+CPIN="1234"').endswith(b"\r\nOK\r\n")
    assert bench.ask("AT+CREG?").startswith(b"\r\n+CREG: 0,1\r\n")


def test_three_wrong_pins_block_the_sim() -> None:
    bench = Bench(pin="1234").ready()
    for _ in range(3):
        bench.ask('AT+CPIN="0000"')
    assert bench.ask("AT+CPIN?").startswith(b"\r\n+CPIN: SIM PUK\r\n")
    assert bench.ask('AT+CPIN="1234"') == b"\r\n+CME ERROR: 12\r\n"


def test_an_error_is_bare_numeric_or_words_as_cmee_says(bench: Bench) -> None:
    wanted: list[tuple[str, Any]] = [
        ("AT+CMEE=0", b"\r\nERROR\r\n"),
        ("AT+CMEE=1", b"\r\n+CME ERROR: 50\r\n"),
        ("AT+CMEE=2", b"\r\n+CME ERROR: Incorrect parameters\r\n"),
    ]
    for command, answered in wanted:
        bench.ask(command)
        assert bench.ask('AT+CSCS="KLINGON"') == answered


def test_a_balance_query_answers_later() -> None:
    bench = Bench().ready()
    assert bench.ask('AT+CUSD=1,"*100#",15') == b"\r\nOK\r\n"
    assert bench.pass_time(2).startswith(b'\r\n+CUSD: 0,"Balance')


def test_a_part_that_did_not_ask_gets_no_report(bench: Bench) -> None:
    assert bench.text("0001" + SUBMIT[4:]) == b"\r\n+CMGS: 0\r\n\r\nOK\r\n"
    assert bench.told("report") == []
    assert len(bench.told("text")) == 1
