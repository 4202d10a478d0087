"""The ticket as it is worked: its view, the conversation, its states, its contacts."""
