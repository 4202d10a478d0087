"""How fast the console is, always beside a baseline measured in the same run."""
