"""Small widgets that more than one page is made of; each has an accessible name."""
