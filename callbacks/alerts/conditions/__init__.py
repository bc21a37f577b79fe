"""How the figures of alert rules are got from the database, a query for each kind of condition."""
