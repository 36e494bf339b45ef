"""The practice Fly.io: what it remembers, what runs, and the four APIs in front of it."""
