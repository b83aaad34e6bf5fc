"""Definitions of other systems, in our language: what has a meaning here is carried, the rest is listed."""
