"""A simulator of three vendors: one ASGI app that speaks their wires, with faults on request and a log of every call."""
