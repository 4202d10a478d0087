"""What every screen shares: header, footer, dialogs, themes, and how screens call services."""
