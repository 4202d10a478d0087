"""People and strangers at one desk, in whatever order: what each really is stands in a ledger beside the console."""
