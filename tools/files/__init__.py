"""Files of a workspace, below one folder that no path leads out of."""
