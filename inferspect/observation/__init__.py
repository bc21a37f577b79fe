"""Settings of what observes requests, a module for each observer."""
