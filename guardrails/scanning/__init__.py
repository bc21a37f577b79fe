"""Looking through texts: recognizers, the plan that runs them, and the same result for a text whole or in pieces."""
