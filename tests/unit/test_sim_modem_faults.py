"""Each way to misbehave, seen on the wire, and each family's own habits."""

from pathlib import Path

import pytest

from firmware_sim.modem_families import FAMILIES, family_called
from firmware_sim.modem_faults import KNOWN, FaultError, Faults, parse_fault
from tests.fakes.sim_modem_bench import LI, SUBMIT, SUBMIT_LENGTH, Bench

SENT = b"\r\n+CMGS: 0\r\n\r\nOK\r\n"
CMGS = f"AT+CMGS={SUBMIT_LENGTH}"


def with_fault(spec: str, family: str = "SIM7600", **settings: float) -> Bench:
    bench = Bench(family=family, **settings).ready()
    bench.order(do="fault", fault=spec)
    return bench


def texts(bench: Bench) -> int:
    bench.pass_time(1)
    return len(bench.told("text"))


@pytest.mark.parametrize(("value", "arrives"), [("", 1), ("=sent", 1), ("=lost", 0)])
def test_silence_leaves_in_doubt_whether_the_text_went_out(value: str, arrives: int) -> None:
    bench = with_fault(f"silence{value},count=1")
    bench.ask("AT+CNMI=2,1,0,0,0")
    assert bench.text() == b""
    assert texts(bench) == arrives
    assert bench.ask("AT") == b"\r\nOK\r\n"


def test_a_refused_text_does_not_go_out() -> None:
    bench = with_fault("cms-error=38,count=1")
    assert bench.text() == b"\r\n+CMS ERROR: 38\r\n"
    assert texts(bench) == 0
    assert bench.text().startswith(SENT)


def test_an_error_500_may_hide_a_text_that_went_out() -> None:
    bench = with_fault("cms-error-but-sent,count=1")
    assert bench.text().startswith(b"\r\n+CMS ERROR: 500\r\n")
    assert texts(bench) == 1


def test_without_a_prompt_the_pdu_is_taken_all_the_same() -> None:
    bench = with_fault("no-prompt,count=1")
    assert bench.ask(CMGS) == b""
    assert bench.send("\x1b") == b"\r\nOK\r\n"


def test_a_bare_prompt_is_one_character() -> None:
    assert with_fault("bare-prompt").ask(CMGS) == b">"


def test_a_stuck_prompt_takes_ctrl_z_for_text_and_only_esc_helps() -> None:
    bench = with_fault("prompt-stuck")
    bench.ask(CMGS)
    assert bench.send(SUBMIT + "\x1aAT\r\x1a") == b""
    assert bench.send("\x1bAT\r") == b"\r\nOK\r\n\r\nOK\r\n"


@pytest.mark.parametrize("cure", ["AT&F", "AT+IFC=0,0"])
def test_the_factory_profile_swallows_the_prompt_until_it_is_reset(cure: str) -> None:
    bench = with_fault("factory-profile")
    assert bench.ask(CMGS) == b""
    bench.send("\x1b")
    bench.ask(cure)
    bench.ask("ATE0+CMGF=0")
    assert bench.ask(CMGS) == b"\r\n> "


@pytest.mark.parametrize(
    ("point", "arrives"), [("command", 0), ("prompt", 0), ("answer", 1), (None, 1)]
)
def test_a_reset_in_mid_dialogue_shows_as_boot_urcs(point: str | None, arrives: int) -> None:
    bench = with_fault("reset" + (f"={point}" if point else ""))
    said = bench.ask(CMGS)
    said += bench.send(SUBMIT + "\x1a") + bench.pass_time(1)
    assert b"+CMGS" not in said
    assert b"\r\nRDY\r\n" in said
    assert texts(bench) == arrives
    assert bench.order(do="state")["echo"] is True


def test_a_urc_may_come_before_any_line_of_an_answer() -> None:
    bench = with_fault("urc-interleaved=RING")
    assert bench.ask("AT+CPIN?") == b"\r\nRING\r\n\r\n+CPIN: READY\r\n\r\nRING\r\n\r\nOK\r\n"
    assert bench.ask(CMGS) == b"\r\nRING\r\n\r\n> "
    assert bench.send(SUBMIT + "\x1a") == b""
    assert bench.pass_time(0.06) == b"\r\nRING\r\n\r\n+CMGS: 0\r\n\r\nRING\r\n\r\nOK\r\n"


def test_garbage_comes_before_a_line() -> None:
    assert with_fault("garbage").ask("AT") == b"\xff\xfe\r\nOK\r\n"
    assert with_fault("garbage=00FF80").ask("AT") == b"\x00\xff\x80\r\nOK\r\n"


def test_echo_stays_on_where_it_is_forced() -> None:
    assert with_fault("echo-forced").ask("ATE0") == b"ATE0\r\r\nOK\r\n"


@pytest.mark.parametrize(("value", "line"), [("bare", b"OK\r\n"), ("lf", b"OK\n")])
def test_lines_may_be_framed_less(value: str, line: bytes) -> None:
    assert with_fault(f"framing={value}").ask("AT") == line


def test_an_error_may_lack_its_space() -> None:
    assert with_fault("error-no-space").ask("AT+CMGR=99") == b"\r\n+CMS ERROR:321\r\n"


def test_the_sim_may_be_busy() -> None:
    assert with_fault("cme-error").ask("AT+CPIN?") == b"\r\n+CME ERROR: 14\r\n"


def test_lines_are_lost_while_the_baud_rate_is_measured() -> None:
    bench = with_fault("autobaud,count=2")
    assert bench.ask("AT") + bench.ask("AT") == b""
    assert bench.ask("AT") == b"\r\nOK\r\n"


def test_a_mute_modem_obeys_and_speaks_again_once_it_was_restarted() -> None:
    bench = with_fault("mute")
    assert bench.ask("AT") + bench.text() == b""
    assert texts(bench) == 1
    bench.ask("AT+CFUN=1,1")
    assert b"RDY" in bench.pass_time(1)
    assert bench.ask("ATE0").endswith(b"\r\nOK\r\n")


def test_a_lost_network_is_found_when_the_radio_is_switched_off_and_on() -> None:
    bench = with_fault("network-lost")
    assert b"+CREG: 0,2" in bench.ask("AT+CREG?")
    bench.ask("AT+CFUN=4")
    bench.ask("AT+CFUN=1")
    assert b"+CREG: 0,1" in bench.ask("AT+CREG?")


def test_a_lost_service_centre_is_found_by_a_restart() -> None:
    bench = with_fault("service-centre-lost")
    assert bench.ask("AT+CSCA?").startswith(b'\r\n+CSCA: "",129\r\n')
    bench.order(do="reset")
    bench.pass_time(1)
    assert b"+8613800100500" in bench.ask("AT+CSCA?")


@pytest.mark.parametrize(
    ("family", "read", "off", "set_on", "on"),
    [
        ("SIM7600", "AT+CNMP?", b"+CNMP: 2", "AT+CNMP=38", b"+CNMP: 38"),
        ("A7670E", "AT+CNMP?", b"+CNMP: 2", "AT+CNMP=38", b"+CNMP: 38"),
        (
            *("EC25", 'AT+QCFG="nwscanmode"', b'+QCFG: "nwscanmode",0'),
            *('AT+QCFG="nwscanmode",3', b'+QCFG: "nwscanmode",3'),
        ),
    ],
)
def test_a_modem_is_kept_to_lte_across_a_reset_by_the_command_of_its_make(
    family: str, read: str, off: bytes, set_on: str, on: bytes
) -> None:
    bench = with_fault("lte-refused,count=1", family=family)
    assert bench.ask(set_on) == b"\r\n+CME ERROR: 3\r\n"
    assert off in bench.ask(read)
    assert bench.ask(set_on) == b"\r\nOK\r\n"
    bench.order(do="reset")
    bench.pass_time(1)
    assert on in bench.ask(read)


def test_a_modem_without_lte_knows_no_such_command() -> None:
    assert Bench(family="SIM800L").ready().ask("AT+CNMP=38") == b"\r\nERROR\r\n"


def test_answers_may_be_slow() -> None:
    bench = with_fault("slow=3")
    assert bench.ask("AT+CSQ") == b"\r\n+CSQ: 20,99\r\n"
    assert bench.pass_time(2.9) == b""
    assert bench.pass_time(0.2) == b"\r\nOK\r\n"


def test_a_report_may_overtake_the_answer_to_its_text() -> None:
    said = with_fault("slow-send=0.5").text()
    assert 0 < said.index(b"+CDS") < said.index(b"+CMGS: 0")


def test_a_text_to_a_full_store_waits_in_the_network() -> None:
    bench = with_fault("storage-full", family="A7670E")
    assert bench.text_from(LI, "1 4821") == b"\r\n+SMS FULL\r\n"
    bench.order(do="clear", fault="storage-full")
    assert bench.pass_time(6).startswith(b'\r\n+CMTI: "SM",0\r\n')


def test_a_store_of_its_own_accord_is_full_at_its_capacity() -> None:
    bench = Bench(family="SIM7600", capacity=2).ready()
    for number in ("1 4821", "1 4822", "1 4823"):
        bench.text_from(LI, number)
    assert b'"SM",2,2' in bench.ask("AT+CPMS?")
    bench.ask("AT+CMGD=0")
    assert bench.pass_time(6) == b'\r\n+CMTI: "SM",0\r\n'


def test_a_text_may_be_stored_twice() -> None:
    said = with_fault("duplicate-store").text_from(LI, "1 4821")
    assert said == b'\r\n+CMTI: "SM",0\r\n\r\n+CMTI: "SM",1\r\n'


def test_a_text_may_be_announced_nowhere_and_come_again() -> None:
    bench = with_fault("cmti-nowhere,count=1")
    assert bench.text_from(LI, "1 4821") == b"\r\n+CMTI: ,-1\r\n"
    assert bench.pass_time(6) == b'\r\n+CMTI: "SM",0\r\n'


def test_a_text_may_be_stored_unannounced() -> None:
    bench = with_fault("cmti-lost")
    assert bench.text_from(LI, "1 4821") == b""
    assert b'"SM",1,50' in bench.ask("AT+CPMS?")


@pytest.mark.parametrize(
    ("fault", "command", "answered"),
    [
        ("empty-cmgr", "AT+CMGR=0", b"\r\nOK\r\n"),
        ("empty-cmgr=500", "AT+CMGR=0", b"\r\n+CMS ERROR: 500\r\n"),
        ("cmgl-303", "AT+CMGL=4", b"\r\n+CMS ERROR: 303\r\n"),
        ("cmgl-nothing", "AT+CMGL=4", b"\r\nOK\r\n"),
        ("cmgd-fails", "AT+CMGD=0", b"\r\n+CMS ERROR: 500\r\n"),
    ],
)
def test_a_stored_text_may_be_hard_to_read_and_to_delete(
    fault: str, command: str, answered: bytes
) -> None:
    bench = with_fault(fault)
    bench.text_from(LI, "1 4821")
    assert bench.ask(command) == answered
    assert bench.order(do="state")["stores"]["SM"] == 1


def test_a_listing_may_lack_the_comma_of_alpha() -> None:
    bench = with_fault("no-alpha-comma")
    bench.text_from(LI, "1 4821")
    assert bench.ask("AT+CMGL=4").startswith(b"\r\n+CMGL: 0,0,26\r\n")
    assert bench.ask("AT+CMGR=0").startswith(b"\r\n+CMGR: 1,26\r\n")


def test_a_report_may_be_lost_or_say_that_it_failed() -> None:
    bench = with_fault("lost-report,count=1")
    assert b"+CDS" not in bench.text()
    bench.order(do="fault", fault="report-status=41")
    assert bench.text().rstrip().endswith(b"41")


def test_a_modem_that_hangs_hears_nothing_until_it_is_unplugged() -> None:
    bench = with_fault("hang")
    assert bench.ask("AT") + bench.send("\x1b") + bench.pass_time(600) == b""
    bench.order(do="unplug", for_s=1)
    assert b"RDY" in bench.pass_time(2)
    assert bench.ask("ATE0").endswith(b"\r\nOK\r\n")


def test_a_modem_may_hang_for_a_while_only() -> None:
    bench = with_fault("hang,for=30")
    assert bench.ask("AT") == b""
    bench.pass_time(31)
    assert bench.ask("AT") == b"\r\nOK\r\n"


def test_what_comes_to_an_unplugged_modem_waits_and_the_sent_text_has_gone() -> None:
    bench = with_fault("unplug=answer,for=10")
    assert bench.text() == b""
    assert [event["event"] for event in bench.events] == ["report", "text", "unplugged"]
    bench.text_from(LI, "1 4821")
    said = bench.pass_time(30)
    assert said.startswith(b"\r\nRDY\r\n")
    assert bench.told("plugged")
    assert bench.order(do="state")["stores"]["SM"] == 1


def test_a_count_runs_out_and_a_chance_is_repeatable() -> None:
    def rolls(seed: int) -> list[bool]:
        faults = Faults(lambda: 0.0, seed)
        faults.add(parse_fault("garbage,p=0.5,count=3"))
        return [faults.take("garbage") is not None for _ in range(30)]

    assert sum(rolls(1)) == 3
    assert rolls(1) == rolls(1)
    assert rolls(1) != rolls(2)


@pytest.mark.parametrize(
    ("spec", "hint"),
    [
        ("silense", "did you mean 'silence'"),
        ("silence=maybe", "one of sent, lost"),
        ("cms-error=often", "cms-error=often"),
        ("slow=0.5,cout=3", "cout"),
    ],
)
def test_a_wrong_fault_says_what_would_be_right(spec: str, hint: str) -> None:
    with pytest.raises(FaultError, match=hint):
        parse_fault(spec)


@pytest.mark.parametrize("name", KNOWN)
def test_every_fault_can_be_put_in_force_with_its_default(name: str) -> None:
    bench = with_fault(name)
    bench.ask(CMGS)
    bench.send(SUBMIT + "\x1a")
    bench.pass_time(60)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_sends_receives_and_deletes(family: str) -> None:
    bench = Bench(family=family).ready()
    assert b"+CMGS: 0" in bench.text()
    assert b"+CMTI" in bench.text_from(LI, "回复 1 4821")
    index = FAMILIES[family].first_index
    assert b"+CMGR: 0,," in bench.ask(f"AT+CMGR={index}")
    assert bench.ask(f"AT+CMGD={index}") == b"\r\nOK\r\n"


def test_sim800l_refuses_stored_reports() -> None:
    bench = Bench(family="SIM800L").ready()
    assert bench.ask("AT+CNMI=?").startswith(b"\r\n+CNMI: (0,1,2,3),(0,1,2,3),(0,2),(0,1),(0,1)")
    assert bench.ask("AT+CNMI=2,1,0,2,0") == b"\r\n+CMS ERROR: 303\r\n"


def test_sim800l_reads_an_empty_slot_as_ok_and_counts_from_one() -> None:
    bench = Bench(family="SIM800L").ready()
    assert bench.ask("AT+CMGR=1") == b"\r\nOK\r\n"
    assert bench.ask("AT+CMGR=0") == b"\r\n+CMS ERROR: 321\r\n"


def test_sim800l_boots_in_text_mode_with_call_ready() -> None:
    bench = Bench(family="SIM800L").ready()
    bench.order(do="reset")
    said = bench.pass_time(1)
    assert said.endswith(b"\r\nCall Ready\r\n\r\nSMS Ready\r\n")
    assert bench.order(do="state")["cmgf"] == 1


def test_a7670e_stores_twice() -> None:
    said = Bench(family="A7670E").ready().text_from(LI, "1 4821")
    assert said.count(b"+CMTI") == 2


def test_ec25_announces_reports_in_the_wrong_store() -> None:
    bench = Bench(family="EC25").ready()
    bench.ask("AT+CNMI=2,1,0,2,0")
    assert bench.text().endswith(b'\r\n+CDSI: "SM",0\r\n')
    assert bench.ask("AT+CMGR=0") == b"\r\n+CMS ERROR: 321\r\n"
    bench.ask('AT+CPMS="SR"')
    assert bench.ask("AT+CMGR=0").startswith(b"\r\n+CMGR: 0,,26")


def test_ec25_keeps_texts_in_me_until_told_otherwise() -> None:
    bench = Bench(family="EC25")
    assert bench.text_from(LI, "1 4821") == b'\r\n+CMTI: "ME",0\r\n'


def test_huawei_chatters_until_curc_and_says_command_not_support() -> None:
    bench = Bench(family="Huawei").ready()
    assert b"^RSSI: 18" in bench.pass_time(2.5)
    bench.ask("AT^CURC=0")
    assert bench.pass_time(60) == b""
    assert bench.ask("AT+NONSENSE") == b"\r\nCOMMAND NOT SUPPORT\r\n"


def test_huawei_counts_lag_and_full_memory_silences_it() -> None:
    bench = Bench(family="Huawei", capacity=1, air_s=0.0).ready()
    bench.ask("AT^CURC=0")
    bench.order(**{"do": "text", "from": LI, "text": "1 4821"})
    assert b'+CMTI: "SM",0' in bench.pass_time(0.1)
    assert b'"SM",0,1' in bench.ask("AT+CPMS?")
    bench.pass_time(0.5)
    assert b'"SM",1,1' in bench.ask("AT+CPMS?")
    bench.ask("AT+CMGD=0")
    assert bench.text_from(LI, "1 4822") == b""
    assert bench.order(do="state")["stores"]["SM"] == 1


def test_an_unknown_family_names_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean SIM7600"):
        family_called("SIM7500")


def test_the_guide_describes_every_fault_and_family() -> None:
    guide = (Path(__file__).parents[2] / "firmware-sim/MODEM.md").read_text(encoding="utf-8")
    for name, what in KNOWN.items():
        assert f"| `{name}` | {what} |" in guide
    for family in FAMILIES.values():
        assert f"| {family.name} |" in guide
