"""Deliveries: what consumers have not got yet, and what was given up; see docs/events.md."""
