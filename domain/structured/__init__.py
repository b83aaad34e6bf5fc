"""Data that follows a schema, out of what a model wrote."""
