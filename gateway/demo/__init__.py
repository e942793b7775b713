"""`menshen demo`: a simulated street, a real broker, real decisions, real texts through a modem.

The simulator runs as processes of its own and tells on its standard output what *really* happened
and what arrived on people's phones; the gateway is the same program that `menshen run` starts.
"""
