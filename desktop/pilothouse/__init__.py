"""Pilothouse: a release manager for apps on Fly.io and Heroku.

The version is said here and nowhere else; packaging and the window read it.
"""

__version__ = "0.1.0"
