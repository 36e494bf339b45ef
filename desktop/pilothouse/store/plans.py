"""Plans as text and back: what is read equals what was written, and so does its hash.

Numbers stay what they are (a whole number in a field for seconds stays whole), for the plan's
hash covers how they are written. A field that this program does not know is refused: a plan
understood by half must not be carried out.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec

from pilothouse.domain.change import FORMAT, Plan
from pilothouse.domain.errors import JournalNewer

Reader = Callable[[Any], Any]


def plan_to_text(plan: Plan) -> str:
    """The plan as JSON, with its keys in order."""
    return msgspec.json.encode(plan, order="sorted").decode()


def plan_from_text(text: str) -> Plan:
    """The plan that `plan_to_text` wrote.

    Raises:
        JournalNewer: a newer program wrote it.
    """
    raw = msgspec.json.decode(text)
    if raw.get("format", FORMAT) > FORMAT:
        raise JournalNewer(
            f"This plan has the format {raw['format']}, and this Pilothouse knows {FORMAT}. "
            "Nothing was changed. Open it with the newer Pilothouse that made it."
        )
    try:
        plan: Plan = _reader(Plan)(raw)
    except _NotUnderstood as error:
        raise JournalNewer(
            f"This plan cannot be understood: {error}. Nothing was changed. "
            "Open it with the Pilothouse that made it."
        ) from error
    return plan


class _NotUnderstood(Exception):
    """A piece of JSON does not fit what is expected there."""


@cache
def _reader(hint: Any) -> Reader:  # noqa: ANN401 - any type that a field may have
    """A function from plain JSON to a value of the type."""
    if is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_reader(hint)
    origin, args = get_origin(hint), get_args(hint)
    if origin is tuple:
        return _tuple_reader(args)
    if origin in {Union, types.UnionType}:
        return _optional_reader(args)
    if origin is Mapping:
        return _plain_reader(dict)
    if hint is datetime:
        return lambda raw: msgspec.convert(raw, datetime)
    if hint is float:
        return _plain_reader(float, int)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _enum_reader(hint)
    return _plain_reader(hint)


def _dataclass_reader(kind: type[Any]) -> Reader:
    # Json names itself, and the module of the class need not know it.
    hints = get_type_hints(kind, localns={"Json": object})
    known = {field.name: field for field in fields(kind)}

    def read(raw: Any) -> Any:  # noqa: ANN401
        if not isinstance(raw, dict):
            raise _NotUnderstood(f"{kind.__name__} is not an object")
        strange = sorted(raw.keys() - known.keys())
        if strange:
            raise _NotUnderstood(f"{kind.__name__} has {', '.join(strange)}")
        given = {name: _reader(hints[name])(value) for name, value in raw.items()}
        for name, field in known.items():
            has_default = field.default is not MISSING or field.default_factory is not MISSING
            if name not in given and not has_default:
                raise _NotUnderstood(f"{kind.__name__} has no {name}")
        return kind(**given)

    return read


def _tuple_reader(args: tuple[Any, ...]) -> Reader:
    def read(raw: Any) -> Any:  # noqa: ANN401
        if not isinstance(raw, list):
            raise _NotUnderstood("a list is missing")
        if args[-1] is Ellipsis:
            return tuple([_reader(args[0])(one) for one in raw])
        if len(raw) != len(args):
            raise _NotUnderstood(f"a list has {len(raw)} parts")
        return tuple([_reader(arg)(one) for arg, one in zip(args, raw, strict=True)])

    return read


def _optional_reader(args: tuple[Any, ...]) -> Reader:
    (inner,) = [arg for arg in args if arg is not types.NoneType]
    read = _reader(inner)
    return lambda raw: None if raw is None else read(raw)


def _enum_reader(kind: type[StrEnum]) -> Reader:
    def read(raw: Any) -> StrEnum:  # noqa: ANN401
        try:
            return kind(raw)
        except ValueError as error:
            raise _NotUnderstood(f"{raw!r} is no {kind.__name__}") from error

    return read


def _plain_reader(*kinds: type[Any]) -> Reader:
    def read(raw: Any) -> Any:  # noqa: ANN401
        if not isinstance(raw, kinds):
            raise _NotUnderstood(f"{raw!r} is not what belongs there")
        return raw

    return read
