"""The templates that come with Perdure. A workspace's own of the same name goes before them; these are version 0."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.requests import Knobs
from contracts.routing import TaskType
from domain.templates.document import TemplateDocument, Variable

SHIPPED_VERSION = 0

_CUSTOMER_INQUIRY = TemplateDocument(
    description="Answer a customer's inquiry in the name of a business.",
    system=(
        "You answer customers in the name of {{ business_name }}. Be friendly, precise and brief. Use only what is said here; "
        "where that does not answer the inquiry, say so and offer that a person will get back to them. Promise nothing."
    ),
    prompt=(
        "{% if context %}What is known:\n{{ context }}\n\n{% endif %}"
        "{{ customer_name }} asks:\n{{ inquiry }}\n\nAnswer in a {{ tone }} tone, in the language of the inquiry."
    ),
    variables={
        "inquiry": Variable(description="What the customer asks"),
        "customer_name": Variable(required=False, default="A customer", description="How the customer is called"),
        "business_name": Variable(required=False, default="our business", description="In whose name the answer is"),
        "context": Variable(required=False, default="", description="Opening hours, prices, the customer's history"),
        "tone": Variable(required=False, default="professional", description="Such as friendly or formal"),
    },
    task=TaskType.SIMPLE,
    knobs=Knobs(max_output_tokens=800),
)
_LEAD_QUALIFICATION = TemplateDocument(
    description="Judge how promising a lead is, as data.",
    system="You qualify sales leads. Judge by what is said and assume nothing that is not.",
    prompt=(
        "Lead:\n{{ lead }}\n\n{% if criteria %}Our criteria:\n{{ criteria }}\n\n{% endif %}"
        "Give a score from 0 (hopeless) to 100 (ready to buy), a rating, the reasons, what is still unknown, and the next step."
    ),
    variables={
        "lead": Variable(description="What is known of the lead: who, what for, when, with which means"),
        "criteria": Variable(required=False, default="", description="What makes a good lead for you"),
    },
    task=TaskType.ANALYTICAL,
    output_schema={
        "type": "object",
        "properties": {
            "score": {"type": "integer", "minimum": 0, "maximum": 100},
            "rating": {"type": "string", "enum": ["hot", "warm", "cold"]},
            "reasons": {"type": "array", "items": {"type": "string"}},
            "unknown": {"type": "array", "items": {"type": "string"}},
            "next_step": {"type": "string"},
        },
        "required": ["score", "rating", "reasons", "unknown", "next_step"],
        "additionalProperties": False,
    },
    knobs=Knobs(max_output_tokens=800),
)
_SERVICE_RECOMMENDATION = TemplateDocument(
    description="Recommend from a list of services what fits a customer's needs.",
    system="You advise customers. Recommend only services of the list, and say honestly where none fits.",
    prompt=(
        "The customer's needs:\n{{ needs }}\n\nOur services:\n"
        "{% for service in services %}- {{ service }}\n{% endfor %}"
        "{% if budget %}\nThe customer's budget: {{ budget }}\n{% endif %}\n"
        "Recommend at most {{ most }}, the best first, each with its reason in one or two sentences."
    ),
    variables={
        "needs": Variable(description="What the customer needs"),
        "services": Variable(type="array", description="The services, each a text or an object"),
        "budget": Variable(required=False, default="", description="What the customer can spend"),
        "most": Variable(type="integer", required=False, default=3, description="How many to recommend"),
    },
    task=TaskType.COMPLEX,
    knobs=Knobs(max_output_tokens=1_000),
)
_GENERIC_PROCESSING = TemplateDocument(
    description="Do with a text what an instruction says.",
    prompt="{{ instruction }}\n\n{{ text }}",
    variables={
        "text": Variable(description="The text to work on"),
        "instruction": Variable(
            required=False, default="Process the following text.", description="What to do with it"
        ),
    },
)

SHIPPED: Mapping[str, TemplateDocument] = MappingProxyType(
    {
        "customer_inquiry": _CUSTOMER_INQUIRY,
        "generic_processing": _GENERIC_PROCESSING,
        "lead_qualification": _LEAD_QUALIFICATION,
        "service_recommendation": _SERVICE_RECOMMENDATION,
    }
)


def task_of(word: str | None) -> TaskType | None:
    """What routing takes a caller's word for the work for: a task by its own name, or a shipped template's."""
    if word is None:
        return None
    if word in TaskType.__members__.values():
        return TaskType(word)
    shipped = SHIPPED.get(word)
    return shipped.task if shipped else None
