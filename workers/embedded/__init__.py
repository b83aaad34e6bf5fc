"""Servers that come with Perdure and run as its children: PostgreSQL and Temporal's development server."""
