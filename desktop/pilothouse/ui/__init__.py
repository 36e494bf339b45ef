"""What a person sees: Qt lives here and nowhere else.

The GUI thread does no I/O; whatever may block goes through `ui.bridge`, the one door.
"""
