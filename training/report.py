"""The report as a page, written from the figures."""

from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "classifier.md"

_OPENING: Final = """\
# The classifier

Where a request does not say what kind of work it is and how hard, the classifier judges both from its text: a
task type (`simple`, `complex`, `creative`, `analytical`, `code`, `extraction`, `translation`, `tool_use`) with
its probability as the confidence, and a difficulty from 0 to 1. It needs no network and no model call: a
sentence embedding (multilingual, computed with numpy), {features} features of the text such as its length,
numbers, code signs and listed words, and two trained linear layers of 25 kB over both. Of a long text the first
and the last part are embedded, together about 330 letters, and the features see 1,500 characters.

This page is written by `python -m training`, which also trains the weights. A test measures the shipped weights
again and compares.

## Trained on

{rows} prompts that were written for this purpose, none taken from elsewhere: templates with slots for each
task, in English and in part in German, French, Spanish, Italian, Portuguese, Dutch, Chinese, Japanese, Korean,
Russian and Arabic; questions on graded notions of exam subjects; arithmetic in stories of one to five steps.
The difficulties are the authors' judgement: recall of what is widely known is easy, rules applied to a case are
harder, calculation and deduction over several steps hardest. Every fourth template, slot value, subject, way of
asking and story is held out, so that a held-out row shares neither its template nor its fillings with a
training row. The one-off requests were written one by one in other words than the templates', and are only
measured on. Whoever graded the subjects knew that exams are the usual benchmark, but no benchmark row was
trained on.

## Tasks and difficulties on held-out rows
"""

_BENCHMARKS: Final = """
## Does the difficulty tell who should be sent to the strong model?

Measured on prompts of which it is known whether Mixtral 8x7B (weak) and GPT-4 (strong) answered them correctly,
with the measures of RouteLLM (Ong et al., arXiv:2406.18665): the rows are sent to the strong model by falling
score; PGR is the share of the gap between the two models' quality that is recovered, APGR its mean over all
shares of strong calls (in brackets where 95 of 100 resamplings of the rows lie), CPT50 and CPT80 the least
share of strong calls that recovers 50 % and 80 % of the gap. Lower CPT is better.

* *Shipped* is the difficulty as it is shipped, out of domain: trained on no row of these.
* *Fitted* shows what the same inputs could give: a ridge regression on the gain, five-fold cross-validated on
  these rows, its weights thrown away.
* *Length* sends the longest prompts first. *Best single* sends everything to the strong model and has no curve.
  *Oracle* knows the answers.
"""


def page(figures: dict[str, Any]) -> str:
    """The whole page in Markdown."""
    held_out = figures["held out"]
    time = figures["milliseconds"]
    parts = [
        _OPENING.format(rows=f"{figures['training rows']:,}", features=figures["features"]),
        _table(
            ["rows", "number", "task right", "mean confidence", "difficulty off by", "correlation"],
            [
                [
                    name,
                    f"{of['rows']:,}",
                    _percent(of["accuracy"]),
                    _percent(of["mean confidence"]),
                    f"{of['difficulty error']:.2f}",
                    f"{of['difficulty correlation']:.2f}",
                ]
                for name, of in held_out.items()
            ],
        ),
        *(_tasks(name, held_out[name]) for name in ("unseen templates", "one-off requests")),
        _BENCHMARKS,
        *(_benchmark(name, of) for name, of in figures["benchmarks"].items()),
    ]
    if not figures["benchmarks"]:
        parts.append("\nThese weights were not measured on it; `python -m training --recordings FOLDER` does.\n")
    parts.append(
        f"\n## Time\n\n{time['p50']} ms of processor time per request (median; 95th percentile {time['p95']} ms) on one "
        "core, over the held-out rows. Loading takes one to two seconds, once per process.\n"
    )
    return "".join(parts)


def _tasks(name: str, of: dict[str, Any]) -> str:
    rows = [
        [task, str(one["rows"]), _percent(one["recall"]), _percent(one["precision"])]
        for task, one in of["tasks"].items()
    ]
    mixed = ", ".join(f"`{true}` taken for `{taken}` ({times})" for true, taken, times in of["mix-ups"])
    return (
        f"\n### {name.capitalize()}\n"
        + _table(["task", "rows", "found", "right where said"], rows)
        + f"\nMost often mixed up: {mixed}.\n"
    )


def _benchmark(name: str, of: dict[str, Any]) -> str:
    def row(label: str, key: str) -> list[str]:
        one = of[key]
        between = one.get("apgr_interval")
        apgr = f"{one['apgr']:.3f}" + (f" ({between[0]:.3f} to {between[1]:.3f})" if between else "")
        return [label, apgr, _percent(one["cpt50"]), _percent(one["cpt80"])]

    rows = [
        row("Shipped", "shipped difficulty, out of domain"),
        row("Fitted", "cross-validated fit, in domain"),
        row("Length", "length of the prompt"),
        row("Chance", "chance"),
        ["Best single", "none", "100 %", "100 %"],
        row("Oracle", "oracle"),
    ]
    return (
        f"\n### {name.upper()}\n\n{of['rows']:,} prompts; the weak model answers {_percent(of['weak'])} correctly, "
        f"the strong one {_percent(of['strong'])}.\n" + _table(["score", "APGR", "CPT50", "CPT80"], rows)
    )


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n" + "".join("| " + " | ".join(line) + " |\n" for line in lines)
