"""Reports over scores: what their conditions found, window by window; see docs/deepchecks.md."""
