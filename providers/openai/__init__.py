"""OpenAI, and whatever speaks its two wires, over the openai SDK."""
