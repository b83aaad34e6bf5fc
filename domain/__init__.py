"""What we decide: pure judgement. No I/O, no clock, no Temporal."""
