"""The lists of what the practice account has none of: keys, spaces, drains, certificates.

They are empty rather than absent, because the command line asks for them on the way to something
else; making such things is not in the sandbox (Platform API, the lists of these resources).
"""

from __future__ import annotations

from starlette.requests import Request

from pilothouse.sandbox.heroku.http import Api, Endpoint, Reply


async def list_nothing(api: Api, request: Request) -> Reply:
    """An empty list of the account's, or of an app's."""
    if "app" in request.path_params:
        api.app(request)
    return api.listed(request, [])


ENDPOINTS = (
    Endpoint("GET", "/account/keys", list_nothing, "global"),
    Endpoint("GET", "/spaces", list_nothing),
    Endpoint("GET", "/apps/{app}/log-drains", list_nothing),
    Endpoint("GET", "/apps/{app}/sni-endpoints", list_nothing),
)
