"""Telling a person who is not looking: which notices, and by which of the desktop's ways."""
