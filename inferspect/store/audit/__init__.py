"""The audit log: chains of entries, each holding the hash of the one before it; see docs/audit.md."""
