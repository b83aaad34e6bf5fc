"""The pipeline language: what a definition may say, and what is worked out of it for whoever runs it."""
