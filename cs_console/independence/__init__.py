"""Who took part in what, and who must keep away from it."""
