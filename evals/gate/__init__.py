"""The gate: results of a run compared with a stored baseline, so that what got worse fails and noise does not."""
