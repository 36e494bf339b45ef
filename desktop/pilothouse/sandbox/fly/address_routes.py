"""The Machines API's calls on an app's IP addresses and certificates.

Nobody issues a certificate here: one that was asked for stays unproven, as at Fly.io while the
owner of the name has not set up its DNS.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import JSONResponse, Response

from pilothouse.sandbox.fly import addresses
from pilothouse.sandbox.fly.app_routes import AppDesk
from pilothouse.sandbox.fly.errors import FlyError
from pilothouse.sandbox.fly.http import table
from pilothouse.sandbox.fly.ids import rfc3339
from pilothouse.sandbox.fly.paging import page
from pilothouse.sandbox.fly.records import Address, Certificate
from pilothouse.sandbox.fly.regions import placed
from pilothouse.sandbox.fly.shapes import Text
from pilothouse.sandbox.fly.views import edge_url
from pilothouse.sandbox.fly.wishes import read_wish

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.routing import Route

    from pilothouse.sandbox.fly.state import App
    from pilothouse.sandbox.state import Json

_HOSTNAME = re.compile(r"(?=.{4,253}$)(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")


class AddressWish(msgspec.Struct):
    """The body that assigns an address."""

    type: Text = None
    region: Text = None
    org_slug: Text = None
    network: Text = None
    service_name: Text = None


class CertificateWish(msgspec.Struct):
    """The body that asks for a certificate."""

    hostname: Text = None


class AddressRoutes(AppDesk):
    """Handlers for addresses and certificates."""

    def routes(self) -> list[Route]:
        """Return the routes of this part of the API."""
        ips, certificates = "/apps/{app}/ip_assignments", "/apps/{app}/certificates"
        one = certificates + "/{hostname}"
        calls = [
            ("GET", ips, self.list_addresses),
            ("POST", ips, self.assign),
            ("DELETE", ips + "/{ip}", self.withdraw),
            ("GET", certificates, self.list_certificates),
            ("POST", certificates + "/acme", self.ask_certificate),
            ("GET", one, self.show_certificate),
            ("DELETE", one, self.delete_certificate),
            ("DELETE", one + "/acme", self.show_certificate),
            ("POST", one + "/check", self.check_certificate),
        ]
        return table("/v1", calls)

    # ------------------------------------------------------------------ addresses

    async def list_addresses(self, request: Request) -> Response:
        """List an app's addresses; the seeded apps have none, so that no name server is asked."""
        app = self._app(request, "list_ips")
        return JSONResponse({"ips": [_address_json(each) for each in app.addresses]})

    async def assign(self, request: Request) -> Response:
        """Give an app an address."""
        app = self._app(request, "assign_ip")
        wish = await read_wish(request, AddressWish)
        region = placed(wish.region) if wish.region else ""
        service = wish.service_name or ""
        address = addresses.assign(self._world, app, wish.type or "", region, service)
        return JSONResponse(_address_json(address))

    async def withdraw(self, request: Request) -> Response:
        """Take an address away."""
        app = self._app(request, "delete_ip")
        addresses.withdraw(self._world, app, request.path_params["ip"])
        return Response(status_code=204)

    # ------------------------------------------------------------------ certificates

    async def list_certificates(self, request: Request) -> Response:
        """List the host names for which certificates were asked."""
        app, query = self._app(request, "list_certificates"), request.query_params
        found = [
            app.certificates[name]
            for name in sorted(app.certificates)
            if query.get("filter", "") in name
        ]
        shown, cursor = page(found, lambda each: each.hostname, query, self._now())
        body = {
            "certificates": [_summary(each) for each in shown],
            "next_cursor": cursor or "",
            "total_count": len(found),
        }
        return JSONResponse(body)

    async def ask_certificate(self, request: Request) -> Response:
        """Ask for a certificate; asking twice is refused."""
        app = self._app(request, "create_certificate")
        wish = await read_wish(request, CertificateWish)
        hostname = (wish.hostname or "").lower()
        if not _HOSTNAME.fullmatch(hostname):
            raise FlyError(422, "Validation failed: Hostname is invalid")
        if hostname in app.certificates:
            raise FlyError(422, "Validation failed: Hostname already exists on app")
        now = self._now()
        app.certificates[hostname] = Certificate(hostname, now, now)
        self._world.changed()
        return JSONResponse(self._detail(app, hostname), 201)

    async def show_certificate(self, request: Request) -> Response:
        """Show what is still missing for a certificate."""
        app = self._app(request, "get_certificate")
        return JSONResponse(self._detail(app, request.path_params["hostname"]))

    async def check_certificate(self, request: Request) -> Response:
        """Look again; the sandbox asks no name server, and so finds nothing."""
        app = self._app(request, "check_certificate")
        found = self._detail(app, request.path_params["hostname"])
        records = {
            "a": [], "aaaa": [], "acme_challenge_cname": "", "cname": [], "ownership_txt": "",
            "resolved_addresses": [], "soa": "",
        }  # fmt: skip
        return JSONResponse(found | {"dns_records": records})

    async def delete_certificate(self, request: Request) -> Response:
        """Forget a host name."""
        app = self._app(request, "delete_certificate")
        del app.certificates[_asked(app, request.path_params["hostname"]).hostname]
        self._world.changed()
        return Response(status_code=204)

    def _detail(self, app: App, hostname: str) -> Json:
        certificate = _asked(app, hostname)
        target = edge_url(self._world, app).removeprefix("http://")
        by_kind = [(each.ip, ":" in each.ip) for each in app.addresses]
        unproven = dict.fromkeys(
            ("alpn_configured", "dns_configured", "http_configured", "ownership_txt_configured"),
            False,
        )
        return {
            "acme_requested": True,
            "certificates": [],
            "configured": False,
            "dns_provider": "",
            "dns_requirements": {
                "a": [ip for ip, is_v6 in by_kind if not is_v6],
                "aaaa": [ip for ip, is_v6 in by_kind if is_v6],
                "acme_challenge": {"name": f"_acme-challenge.{hostname}", "target": target},
                "cname": target,
                "ownership": {
                    "app_value": f"app-{app.id}",
                    "name": f"_fly-ownership.{hostname}",
                    "org_value": f"org-{self._state.organisation.id}",
                },
            },
            "hostname": certificate.hostname,
            "status": "pending_validation",
            "validation": unproven,
            "validation_errors": [],
        }


def _asked(app: App, hostname: str) -> Certificate:
    certificate = app.certificates.get(hostname.lower())
    if certificate is None:
        raise FlyError(404, "not_found: certificate not found")
    return certificate


def _summary(certificate: Certificate) -> Json:
    unproven = dict.fromkeys(
        (
            "acme_alpn_configured", "acme_dns_configured", "acme_http_configured", "configured",
            "has_custom_certificate", "has_fly_certificate", "ownership_txt_configured",
        ),
        False,
    )  # fmt: skip
    return unproven | {
        "acme_requested": True,
        "created_at": rfc3339(certificate.created_at),
        "dns_provider": "",
        "hostname": certificate.hostname,
        "status": "pending_validation",
        "updated_at": rfc3339(certificate.updated_at),
    }


def _address_json(address: Address) -> Json:
    return {
        "ip": address.ip,
        "region": address.region,
        "service_name": address.service_name,
        "shared": address.type == "shared_v4",
        "created_at": rfc3339(address.created_at),
    }
