"""Budgets: their windows, whom they count, what to reserve, when to alert. Pure."""
