"""Routing: who may answer, who should, and who follows. Pure: time, measurement and chance are arguments."""

from domain.routing.asking import Asked, Classification, Situation, Sticky
from domain.routing.needs import Needs, needs_of
from domain.routing.prepared import Prepared, prepare
from domain.routing.route import Routed, route

__all__ = [
    "Asked",
    "Classification",
    "Needs",
    "Prepared",
    "Routed",
    "Situation",
    "Sticky",
    "needs_of",
    "prepare",
    "route",
]
