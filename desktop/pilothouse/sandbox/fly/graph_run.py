"""Runs a GraphQL request: parse, bound, validate, execute."""

from __future__ import annotations

from functools import cache
from inspect import isawaitable
from typing import TYPE_CHECKING

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    execute,
    validate,
)

from pilothouse.sandbox.fly.graph_changes import Root
from pilothouse.sandbox.fly.graph_limits import TooMuchError, counting_resolver, parsed, too_much
from pilothouse.sandbox.fly.schema import SDL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pilothouse.sandbox.fly.keys import Access
    from pilothouse.sandbox.fly.machines import FlyFleet
    from pilothouse.sandbox.state import Json


class UnauthorisedError(Exception):
    """Somebody without a known token asks for more than the schema."""


@cache
def schema() -> GraphQLSchema:
    """Return the schema; building it takes some thirty milliseconds, once."""
    return build_schema(SDL)


async def run(fleet: FlyFleet, wish: Json, access: Access | None) -> Json:
    """Run a request and return its answer, errors and all.

    Raises:
        UnauthorisedError: there is no token, and more is asked for than the schema.
    """
    try:
        document = parsed(wish.get("query") or "")
    except GraphQLError as refusal:
        if access is None:
            raise UnauthorisedError from None
        return _refused([refusal])
    if access is None and not _is_introspection(document):
        raise UnauthorisedError
    if wrong := validate(schema(), document):
        return _refused(wrong)
    try:
        result = execute(
            schema(),
            document,
            Root(fleet, access) if access else None,
            variable_values=wish.get("variables") or {},
            operation_name=wish.get("operationName"),
            field_resolver=counting_resolver(),
        )
        if isawaitable(result):
            result = await result
    except TooMuchError:
        return _refused([too_much()])
    answer: Json = {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


def _refused(errors: Sequence[GraphQLError]) -> Json:
    return {"errors": [error.formatted for error in errors]}


def _is_introspection(document: DocumentNode) -> bool:
    """Whether every operation asks for the schema alone, by fields that stand there in full."""
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    fields = [field for each in operations for field in each.selection_set.selections]
    return bool(fields) and all(
        isinstance(field, FieldNode) and field.name.value.startswith("__") for field in fields
    )
