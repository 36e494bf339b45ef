"""Dialogs over the window, one at a time: each asks a person for one decision.

A sheet is opened, never executed; it asks the engine only through the bridge, and what it wants
done it says by a signal or by the engine's own answer.
"""
