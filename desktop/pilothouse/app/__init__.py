"""The composition root: builds each object once, hands it over, and takes it down again.

The only room that sees all others.
"""
