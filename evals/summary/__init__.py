"""What a run leaves for people and for CI: table, page, Markdown, JSON, JUnit."""
