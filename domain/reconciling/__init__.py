"""Vendors' exports of usage and cost, read and compared with the ledger."""
