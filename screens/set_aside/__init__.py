"""Mail that became no ticket."""
