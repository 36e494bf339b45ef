"""How change is made: plan, guard, journal, act, verify, go back, recover.

Knows no platform, no window and no database; it receives them as ports.
"""
