"""How much a credential may still do."""
