"""One ticket and its small dialogs."""
