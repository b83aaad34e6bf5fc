"""What is decided in a run of a pipeline: what is asked, what an answer is worth, what names mean where."""
