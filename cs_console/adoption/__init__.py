"""Making a policy pack the desk's own: checked whole, its letters tried out, on record."""
