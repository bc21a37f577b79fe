"""From a tenant's rules to what is looked for in a text, and what happens to what is found."""
