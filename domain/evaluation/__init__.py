"""Evaluation: how much quality a way of routing buys for how much money, on rows where every model's quality is known.

The measures are those of Ong et al., "RouteLLM: Learning to Route LLMs with Preference Data", arXiv:2406.18665, section 3.
"""

from domain.evaluation.curve import Curve, Point
from domain.evaluation.evaluating import EVALUATED, Evaluation, Result, evaluate
from domain.evaluation.measures import Measures, apgr, cpt, measures, recovered
from domain.evaluation.reading import read_rows
from domain.evaluation.rows import Row, Rows
from domain.evaluation.thresholds import threshold_curve

__all__ = [
    "EVALUATED",
    "Curve",
    "Evaluation",
    "Measures",
    "Point",
    "Result",
    "Row",
    "Rows",
    "apgr",
    "cpt",
    "evaluate",
    "measures",
    "read_rows",
    "recovered",
    "threshold_curve",
]
