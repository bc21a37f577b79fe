"""Quality scores of every answer."""
