"""OpenAI's usage as its interface answers it.

`GET /v1/organization/usage/completions` and its siblings (platform.openai.com/docs/api-reference/usage; the fields are those of
`openai.types.admin.organization.usage_completions_response` in the official SDK, 3.52). To be compared by models it has to be
asked for with `group_by=model`.
"""

from collections import Counter
from collections.abc import Sequence

from contracts.reconciling import Figures
from domain.reconciling.amounts import count, second
from domain.reconciling.export import Export, Line
from domain.reconciling.pages import Node, notes_of, read_buckets, text

SHAPE = "OpenAI usage, JSON"
_RESULT = "organization.usage."
_INPUT_ALONE = ("embeddings", "moderations")


def read(pages: Sequence[Node]) -> Export:
    """The export. `input_tokens` counts what was read from and written to caches as well."""
    buckets = read_buckets(pages, "start_time", "end_time", second)
    lines, left = list[Line](), Counter[str]()
    for bucket in buckets:
        for one in bucket.results:
            kind = one.read("object", text).removeprefix(_RESULT).removesuffix(".result")
            figures = _figures(kind, one)
            if figures is None:
                left[kind] += 1
            else:
                lines.append(Line(bucket.day, one.given("model", text), figures))
    return Export(
        "openai",
        "usage",
        SHAPE,
        tuple(lines),
        min((one.begins for one in buckets), default=None),
        max((one.ends for one in buckets), default=None),
        notes=(*notes_of(pages), *(f"{number} results of {kind} are not compared." for kind, number in left.items())),
    )


def _figures(kind: str, one: Node) -> Figures | None:
    if kind == "completions":
        return Figures(
            requests=one.read("num_model_requests", count),
            input=one.read("input_tokens", count),
            cache_read=one.given("input_cached_tokens", count),
            cache_write=one.given("input_cache_write_tokens", count),
            output=one.read("output_tokens", count),
        )
    if kind in _INPUT_ALONE:
        return Figures(requests=one.read("num_model_requests", count), input=one.read("input_tokens", count), output=0)
    return None
