"""A secret shows itself to nobody who does not ask for it by name."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback

import msgspec
import pytest

from pilothouse.credentials import Secret

TOKEN = "fo1_invented-token"


def test_only_reveal_gives_it_away(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(f" {TOKEN}\n")
    assert secret.reveal() == TOKEN
    logging.getLogger("test").warning("%s %r %s", secret, secret, [secret])
    shown = [str(secret), repr(secret), f"{secret} {secret!r} {secret:>40}", str({"a": secret})]
    assert not [text for text in [*shown, caplog.text] if "invented" in text]


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, msgspec.json.encode, copy.deepcopy])
def test_it_is_not_written_anywhere(write: object) -> None:
    with pytest.raises(TypeError):
        write(Secret(TOKEN))  # type: ignore[operator]


def fail_with(secret: Secret) -> None:
    raise RuntimeError(f"no use for {secret}")


def test_a_traceback_with_locals_does_not_show_it() -> None:
    with pytest.raises(RuntimeError) as caught:
        fail_with(Secret(TOKEN))
    report = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    text = "".join(report.format())
    assert "secret = Secret(…)" in text
    assert "invented" not in text


def test_equality_is_of_the_tokens() -> None:
    assert Secret(TOKEN) == Secret(TOKEN)
    assert hash(Secret(TOKEN)) == hash(Secret(TOKEN))
    assert Secret(TOKEN) != Secret("other")
    assert Secret(TOKEN) != TOKEN
    assert not Secret("  ")
