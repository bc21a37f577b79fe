"""Management requests: each is in the audit log, and what it changed is announced to all workers."""
