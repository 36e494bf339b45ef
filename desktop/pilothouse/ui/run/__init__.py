"""The page of one deployment, live or past: steps, machines, evidence, log, ribbon, ways out.

Everything on it is a function of the journal and of the probes that arrived; closing the page and
opening it again shows the same.
"""
