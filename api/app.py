"""The ASGI application."""

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from api import (
    approving,
    batches,
    budgets,
    chat,
    compare,
    conversations,
    costs,
    documenting,
    documents,
    errors,
    events,
    feedback,
    generating,
    health,
    hooks,
    keys,
    model_health,
    pipelines,
    policies,
    preferences,
    recommending,
    reconciling,
    run_events,
    runs,
    schedules,
    schemas,
    steps,
    structured,
    templates,
    tools,
    triggers,
    turns,
    usage,
    user_report,
    webhooks,
    workspaces,
)
from api import models as catalog_doors
from api.auth import Keyring
from api.doors import Doors
from api.indexing import Indexing
from api.openai import completions, models
from api.watching import Watched

_TAGS = [
    {"name": "OpenAI", "description": "For clients that exist already: change the base URL, gain durability."},
    {"name": "conversations", "description": "What a workspace keeps talking about."},
    {"name": "chat", "description": "A conversation whose model changes."},
    {"name": "turns", "description": "Ask, follow, look, stop."},
    {
        "name": "models",
        "description": "What can be asked for, what it can do, what it costs, and what is measured of it.",
    },
    {"name": "policies", "description": "Which models may answer what, in which order, within which limits."},
    {"name": "budgets", "description": "Who may spend how much in which window, and where that stands."},
    {"name": "usage", "description": "What was used, what it cost, and what would cost less."},
    {"name": "pipelines", "description": "Agents, tools and other steps, stored in versions, and started."},
    {"name": "runs", "description": "Pipelines at work: watched, decided for, stopped."},
    {"name": "webhooks", "description": "Who is told what budgets have to say."},
    {"name": "keys", "description": "Workspaces, and who may use them for what."},
    {"name": "triggers", "description": "What starts runs by itself: times, deliveries, other pipelines' ends."},
    {"name": "batches", "description": "Many turns and runs at once, at half the price where the vendor has one."},
    {"name": "preferences", "description": "Which models users like, for what."},
    {"name": "steps", "description": "One durable answer for another program: text, or data that follows a schema."},
    {"name": "documents", "description": "What models and pipelines can look things up in."},
    {"name": "tools", "description": "What models and pipelines may call, and what calls of it do."},
    {"name": "health", "description": "For orchestrators and Prometheus; no key."},
]

_DOORS = (
    completions,
    models,
    catalog_doors,
    generating,
    compare,
    chat,
    conversations,
    turns,
    events,
    feedback,
    preferences,
    model_health,
    policies,
    budgets,
    usage,
    user_report,
    costs,
    reconciling,
    approving,
    webhooks,
    keys,
    structured,
    steps,
    templates,
    schemas,
    tools,
    documents,
    pipelines,
    runs,
    run_events,
    workspaces,
    schedules,
    triggers,
    hooks,
    batches,
    health,
)


def create_app(doors: Doors) -> FastAPI:
    """The application over its doors. Its life (connections, workers) belongs to whoever built the doors."""
    app = FastAPIOffline(
        title="Perdure",
        version=doors.version,
        description="Durable AI turns: answers that survive crashes, fail over, and are paid for once.",
        openapi_tags=_TAGS,
    )
    app.state.doors = doors
    app.state.keyring = Keyring()
    app.state.indexing = Indexing()
    errors.install(app)
    documenting.install(app)
    app.add_middleware(Watched, metrics=doors.metrics)
    for part in _DOORS:
        app.include_router(part.router)
    for router in (recommending.models_router, recommending.chat_router):
        app.include_router(router)
    # Its path takes whatever follows `/api/models/`, so it comes after all others.
    app.include_router(catalog_doors.by_name)
    return app
