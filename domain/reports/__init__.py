"""What a ledger tells: where costs are going, what would make them less, what they would have been."""
