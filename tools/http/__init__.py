"""HTTP to registered hosts only, at addresses that were checked and are the ones connected to."""
