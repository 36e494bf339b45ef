"""A practice cloud on loopback that real clients take for Fly.io and Heroku.

It runs in its own process and binds to 127.0.0.1 alone. Instances are real HTTP servers
behind a real reverse proxy, so that a lost request is measured, never assumed.
"""
