"""Batches: planned, handed to vendors, collected."""
