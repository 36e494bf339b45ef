"""The engine without a window: the same plans, guards, runs and words in a terminal.

Exit codes: 0 good; 1 a defect of ours; 2 usage, or something unknown; 3 blocked by a guard;
10 failed and nothing changed; 11 failed and rolled back; 12 unknown; 13 needs a person.
"""
