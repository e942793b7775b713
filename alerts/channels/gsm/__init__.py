"""A GSM modem on a serial port: a PDU codec, an AT dialogue and the driver that joins them.

Octets become text in `pdu` and below it; lines become answers in `framing` and `at`; `modem` lives
in one thread that owns the port, and `channel` is its face towards asyncio.
"""
