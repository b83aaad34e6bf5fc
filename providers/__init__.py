"""The vendors: adapters over the official SDKs, and the simulator that stands in for them."""
