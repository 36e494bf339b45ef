"""The refusals of the practice Heroku, each with the platform's own id and status.

Every error body has an `id` and a `message`; clients rely on both (Platform API reference,
errors).
"""

from __future__ import annotations

_RATE_LIMITS = "https://devcenter.heroku.com/articles/platform-api-reference#rate-limits"
_BILLING = "https://dashboard.heroku.com/account/billing"


class Refusal(Exception):
    """An answer that is an error body; `more` are its further members, such as `url`."""

    def __init__(self, status: int, error: str, message: str, more: object = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"id": error, "message": message}
        if isinstance(more, dict):
            self.body.update(more)


def not_found(what: str) -> Refusal:
    """A 404 in the platform's words; `what` is `app`, `release` and so on."""
    return Refusal(404, "not_found", f"Couldn't find that {what}.")


def no_endpoint() -> Refusal:
    """A 404 for a path or verb that the API does not have."""
    return Refusal(
        404,
        "not_found",
        "There is no such endpoint. Check the HTTP verb (`GET`, `POST` …) and the version in "
        "the `Accept` header.",
    )


def unauthorized() -> Refusal:
    """A 401 for a missing, wrong or ended token."""
    return Refusal(401, "unauthorized", "Invalid credentials provided.")


def delinquent() -> Refusal:
    """A 402 for a change while the account has not paid."""
    return Refusal(
        402, "delinquent", "This account has an unpaid balance. Pay it first.", {"url": _BILLING}
    )


def forbidden(message: str) -> Refusal:
    """A 403 for what the token may not do."""
    return Refusal(403, "forbidden", message)


def suspended() -> Refusal:
    """A 403 for an account that the platform has shut out."""
    return Refusal(403, "suspended", "This account is suspended. Ask the platform's support.")


def two_factor(app_id: str, app_name: str) -> Refusal:
    """A 403 for a change that needs a second factor, naming the app it is about."""
    return Refusal(
        403,
        "two_factor",
        "A second factor is needed for this app.",
        {"app": {"id": app_id, "name": app_name}},
    )


def not_acceptable() -> Refusal:
    """A 406 for a request that does not name version 3."""
    return Refusal(
        406,
        "not_acceptable",
        "Name the version of the API in the `Accept` header: "
        "`application/vnd.heroku+json; version=3`.",
    )


def conflict(message: str) -> Refusal:
    """A 409 for what the present state of a thing does not allow."""
    return Refusal(409, "conflict", message)


def precondition_failed() -> Refusal:
    """A 412 for an `If-Match` that no longer matches; the platform's id is not published."""
    return Refusal(
        412, "precondition_failed", "The resource has changed since you read it. Read it again."
    )


def invalid(message: str) -> Refusal:
    """A 422 for what a rule of the platform forbids."""
    return Refusal(422, "invalid_params", message)


def bad_request(message: str) -> Refusal:
    """A 400 for a body that cannot be read."""
    return Refusal(400, "bad_request", message)


def bad_range(header: str) -> Refusal:
    """A 416 for a `Range` that cannot be satisfied."""
    return Refusal(
        416,
        "requested_range_not_satisfiable",
        f"The requested range `{header}` could not be satisfied.",
    )


def rate_limited() -> Refusal:
    """A 429 for an account whose tokens are used up."""
    return Refusal(
        429,
        "rate_limit",
        "Your account reached the API rate limit. Please wait a few minutes.",
        {"url": _RATE_LIMITS},
    )


def internal() -> Refusal:
    """A 500 for a fault of the sandbox itself; its log says more."""
    return Refusal(500, "internal_server_error", "The sandbox failed; its log says why.")
