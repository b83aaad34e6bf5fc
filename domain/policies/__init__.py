"""Policies: read from YAML with places, checked as a whole, merged, and written again."""
