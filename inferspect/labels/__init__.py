"""Labels of metrics whose values come from outside: a bounded number of them, whatever is sent."""
