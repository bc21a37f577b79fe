"""The audit log of requests and management actions."""
