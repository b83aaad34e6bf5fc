"""Arithmetic without code: an expression is read by a grammar and computed in decimals."""
