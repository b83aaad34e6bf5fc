"""Run: the composition root, the worker process, embedded servers, replay."""
