"""One page at a time stands in the window; each knows the desk, and nothing of the others."""
