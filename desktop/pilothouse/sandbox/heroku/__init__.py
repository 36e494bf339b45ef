"""The practice Heroku: what it remembers, what runs, and the Platform API in front of it."""
