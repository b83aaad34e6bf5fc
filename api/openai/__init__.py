"""OpenAI's doors: chat completions and models, for clients that exist already."""
