"""The run of a pipeline: each step brought as far as it can be without waiting."""
