"""The stream log: what a turn says while it runs, in memory for readers nearby and in a log for the others."""
