"""The console without its face: services that a signed-in agent's desk calls."""
