"""OpenAI's wire, as the simulator speaks it."""
