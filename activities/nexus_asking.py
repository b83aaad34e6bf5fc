"""From what a workflow sends by Nexus to what a step asks."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.ai_steps import AiStepRequest, AnswerWish, TemplateUse
from contracts.errors import ErrorKind, PerdureError
from contracts.nexus import StepInput
from contracts.parts import Message, TextPart
from contracts.requests import Knobs
from contracts.routing import Capability, RoutingContext
from domain.catalog import Catalog
from domain.structured.judging import check_schema
from domain.templates.document import TemplateDocument
from domain.templates.filling import fill
from domain.templates.shipped import SHIPPED, SHIPPED_VERSION, task_of
from storage import documents

_ROUTED = "auto"


async def asked_by(
    connection: AsyncConnection, given: StepInput, catalog: Catalog, workspace_id: UUID
) -> AiStepRequest:
    """The step. Raises `invalid_request` and `not_found`, naming the field."""
    template: TemplateDocument | None = None
    use: TemplateUse | None = None
    if given.template is not None:
        use, template = await _template(connection, given.template, workspace_id)
        messages = fill(template, given.variables).messages
    else:
        messages = tuple(
            Message(role=role, parts=(TextPart(text=text),))
            for role, text in (("system", given.system), ("user", given.prompt))
            if text
        )
    names = tuple(one for one in (given.model, *given.fallback_models) if one and one != _ROUTED)
    if given.model is None and not names and template is not None:
        names = tuple(one for one in (template.model, *template.fallback_models) if one and one != _ROUTED)
    models = tuple(catalog.resolve(one, field="model") for one in names)
    schema = given.output_schema or (template.output_schema if template else None)
    wish = None
    if schema is not None:
        check_schema(schema, field="output_schema")
        native = all(Capability.JSON_SCHEMA in catalog.entry(one).capabilities for one in models)
        wish = AnswerWish(definition=schema, native=native, corrections=given.corrections)
    own = template.knobs if template else Knobs()
    knobs = {"max_output_tokens": given.max_output_tokens, "temperature": given.temperature}
    return AiStepRequest(
        models=models,
        messages=messages,
        knobs=own.model_copy(update={name: value for name, value in knobs.items() if value is not None}),
        routing=RoutingContext(
            task=task_of(given.task_type) or (template.task if template else None), max_price=given.cost_limit
        ),
        answer=wish,
        cost_limit=given.cost_limit,
        task_type=given.task_type or given.template,
        template=use,
        metadata=given.metadata,
    )


async def _template(connection: AsyncConnection, name: str, workspace_id: UUID) -> tuple[TemplateUse, TemplateDocument]:
    found = await documents.find(connection, "templates", name, workspace_id=workspace_id)
    if found is not None:
        return TemplateUse(name=name, version=found.version), TemplateDocument.model_validate(found.document)
    if name not in SHIPPED:
        raise PerdureError(ErrorKind.NOT_FOUND, f"There is no template {name[:100]!r}.", field="template")
    return TemplateUse(name=name, version=SHIPPED_VERSION), SHIPPED[name]
