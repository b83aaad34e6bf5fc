"""Templates of prompts: named, with variables that are checked before anything is asked."""
