"""A sample desk: invented people, invented letters, real services."""
