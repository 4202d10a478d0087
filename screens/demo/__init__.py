"""What only the sample desk shows."""
