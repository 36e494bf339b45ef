"""The refusals of the practice Heroku, each with the platform's own id and status.

Every error body has an `id` and a `message`; clients rely on both (Platform API reference,
errors).
"""

from __future__ import annotations


class Refusal(Exception):
    """An answer that is an error body."""

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"id": error, "message": message}


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


def not_acceptable() -> Refusal:
    """A 406 for a request that does not name version 3."""
    return Refusal(
        406,
        "not_acceptable",
        "Name the version of the API in the `Accept` header: "
        "`application/vnd.heroku+json; version=3`.",
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
        429, "rate_limit", "Your account reached the API rate limit. Please wait a few minutes."
    )
