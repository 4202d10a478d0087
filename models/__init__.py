"""What is stored: SQLModel tables, one noun a file, and the words their columns hold."""
