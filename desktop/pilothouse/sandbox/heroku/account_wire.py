"""The account as the Platform API writes it, and what it adds while the account has not paid."""

from __future__ import annotations

from datetime import datetime, timedelta

from pilothouse.sandbox.heroku.state import HerokuState, Person
from pilothouse.sandbox.heroku.wire import Json, moment

_SUSPENDED_AFTER = timedelta(days=14)
_DELETED_AFTER = timedelta(days=44)


def account(state: HerokuState, person: Person, at: datetime) -> Json:
    """The account that a token speaks for; `at` is when it began."""
    began = moment(at)
    return {
        "acknowledged_msa": True,
        "acknowledged_msa_at": began,
        "allow_tracking": False,
        "beta": False,
        "country_of_residence": None,
        "created_at": began,
        "default_organization": None,
        "default_team": None,
        "delinquent_at": None if state.delinquent_at is None else moment(state.delinquent_at),
        "eco_dynos_enabled": False,
        "eco_dynos_shutdown_at": None,
        "email": person.email,
        "federated": False,
        "id": person.id,
        "identity_provider": None,
        "italian_customer_terms": None,
        "italian_partner_terms": None,
        "last_login": began,
        "mfa_enabled": True,
        "mfa_exemption": False,
        "mfa_exemption_reason": None,
        "mfa_experience": "vaas",
        "name": person.name,
        "pipeline_cost_consent_at": None,
        "sms_number": None,
        "suspended_at": None if state.suspended_at is None else moment(state.suspended_at),
        "two_factor_authentication": True,
        "updated_at": began,
        "verified": True,
    }


def delinquency(state: HerokuState) -> Json:
    """When an unpaid account will be suspended and deleted; nulls while it pays.

    How long the platform waits is not published; here it is two weeks, and a month more.
    """
    since = state.delinquent_at
    return {
        "scheduled_deletion_time": None if since is None else moment(since + _DELETED_AFTER),
        "scheduled_suspension_time": None if since is None else moment(since + _SUSPENDED_AFTER),
    }


def ends(state: HerokuState) -> Json:
    """What a second service of the platform adds to an account, or a team, that has not paid."""
    return {} if state.delinquent_at is None else delinquency(state)
