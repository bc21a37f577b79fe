"""Where alerts are told: each channel sends notifications of one kind, and is a consumer of its own."""
