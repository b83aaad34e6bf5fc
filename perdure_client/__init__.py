"""Perdure's client for projects that had an AI service of their own: the same calls, answered durably."""

from perdure_client.errors import AIServiceError
from perdure_client.responses import AIModelType, AIResponse
from perdure_client.service import AIService, get_ai_service, set_ai_service
from perdure_client.templates import DEFAULT_TEMPLATES, PromptTemplate

__all__ = [
    "DEFAULT_TEMPLATES",
    "AIModelType",
    "AIResponse",
    "AIService",
    "AIServiceError",
    "PromptTemplate",
    "get_ai_service",
    "set_ai_service",
]
