"""What the practice Heroku's router says by itself: its codes, their statuses and their pages.

Codes, names and statuses are those of the platform's article on error codes; the pages' words are
ours.
"""

from __future__ import annotations

from pilothouse.sandbox.edge import Refuse

DESCRIPTIONS = {
    "H10": "App crashed",
    "H12": "Request timeout",
    "H13": "Connection closed without response",
    "H14": "No web processes running",
    "H18": "Server Request Interrupted",
    "H20": "App boot timeout",
    "H21": "Backend connection refused",
    "H27": "Client Request Interrupted",
    "H80": "Maintenance mode",
    "H81": "Blank app",
    "H99": "Platform error",
}
_BLANK_APP = 502
_PAGES = {
    "H80": (
        "Offline for maintenance",
        "This app is being worked on. Please come back in a little while.",
    ),
    "H81": ("No code here yet", "This app was made, but nothing has been deployed to it."),
}
_BROKEN = (
    "Application error",
    "This app did not answer. If it is yours, its log says more: heroku logs --tail",
)
_STYLE = (
    "html{height:100%}body{margin:0;height:100%;display:flex;align-items:center;"
    "justify-content:center;font-family:sans-serif;color:#3f3f44;background:#f7f8fb}"
    "main{max-width:32rem;padding:2rem;text-align:center}"
)


def status_of(code: str) -> int:
    """The status that goes with one of the router's codes."""
    return _BLANK_APP if code == "H81" else 503


def error_page(code: str) -> Refuse:
    """The router's own answer for one of its codes."""
    title, text = _PAGES.get(code, _BROKEN)
    body = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{title}</h1>\n<p>{text}</p>\n</main>\n</body>\n</html>\n"
    )
    headers = (
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-cache, no-store"),
    )
    return Refuse(status_of(code), headers, body.encode(), code)
