"""Requests to addresses that people write into settings: only to where the operator lets them go."""
