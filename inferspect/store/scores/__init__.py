"""Quality scores: a row a response, and thresholds that were crossed; see docs/quality.md."""
