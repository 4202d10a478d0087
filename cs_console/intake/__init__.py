"""Intake: mail, JSON Lines and forms become tickets and follow-ups."""
