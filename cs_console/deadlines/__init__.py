"""When an answer is due: the clock computed from events, and what happens once it has passed."""
