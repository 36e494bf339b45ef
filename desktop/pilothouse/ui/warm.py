"""Loading what is not needed for the first paint, on another thread, before a person asks for it.

Only modules are loaded; nothing is made. What is asked for earlier is simply loaded then.
"""

from __future__ import annotations

from importlib import import_module

LATER = (
    "pilothouse.ui.pages.app",
    "pilothouse.ui.run.page",
    "pilothouse.ui.sheets.deploy",
    "pilothouse.ui.sheets.rollback",
    "pilothouse.ui.sheets.hold",
    "pilothouse.ui.inbox",
    "pilothouse.ui.pages.deployments",
    "pilothouse.ui.sheets.connect",
    "pilothouse.ui.sheets.leave",
    "pilothouse.ui.pages.settings",
    "pilothouse.ui.practice.page",
)


def warm() -> None:
    """Load the pages and sheets, the likeliest first."""
    for name in LATER:
        import_module(name)
