"""The access log for reviewers, and proving it."""
