"""Google's Gemini over the google-genai SDK."""
