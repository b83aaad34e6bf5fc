"""Reading and writing YAML that people write: every value with its place, every error in words that help."""
