"""What is true: frozen values and pure rules, standard library only.

Nothing here reads a clock, a disk or a network: whatever varies is passed in.
"""
