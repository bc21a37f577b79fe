"""OpenTelemetry: gateway traces to a collector."""
