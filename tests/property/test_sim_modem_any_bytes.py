"""Whatever is typed, the modem lives, and ESC and AT bring it back."""

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.sim_modem_bench import SUBMIT, Bench

PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b"AT+CMGS=25\r", b"AT+CMGR=", b"AT+CPMS=\r", b"AT+CNMI=2\r", b"AT+CMGD=0,9\r", b"\x1a"]
    ),
    st.builds(lambda text: b"AT" + text.encode() + b"\r", st.text(max_size=12)),
    st.just(SUBMIT.encode()),
)


@given(st.lists(PIECES, max_size=12), st.sampled_from(["SIM800L", "EC25", "Huawei"]))
def test_any_bytes_leave_a_modem_that_answers(pieces: list[bytes], family: str) -> None:
    bench = Bench(family=family)
    for piece in pieces:
        bench.send(piece)
        bench.pass_time(0.3)
    bench.send(b"\x1b\r")
    bench.pass_time(5)
    assert bench.send(b"AT\r").endswith(b"\r\nOK\r\n")
