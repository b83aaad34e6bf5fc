"""The tables. Those of discovery and health are the deployment's, every other has a workspace. The stream log is apart."""

from storage.tables import ai_steps, batches, budgets, documents, models, runs, turns, usage, workspaces
from storage.tables.columns import metadata

__all__ = ["ai_steps", "batches", "budgets", "documents", "metadata", "models", "runs", "turns", "usage", "workspaces"]
