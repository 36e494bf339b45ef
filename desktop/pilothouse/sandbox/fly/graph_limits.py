"""Bounds of what one GraphQL query may cost, so that a hostile one cannot hold the sandbox up.

What the platform's own limits are is not published; these lie far above what flyctl asks for.
"""

from __future__ import annotations

from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLFieldResolver,
    GraphQLResolveInfo,
    OperationDefinitionNode,
    SelectionSetNode,
    default_field_resolver,
    parse,
)

_LONGEST = 100_000
_MOST_TOKENS = 5_000
_MOST_SELECTED = 600
_DEEPEST = 16
_MOST_FIELDS = 60_000


class TooMuchError(BaseException):
    """The query selects more values than one may.

    Not an `Exception`: the executor turns those into one error for each field and carries on.
    """


def parsed(query: str) -> DocumentNode:
    """Parse a query whose size is within bounds.

    Raises:
        GraphQLError: a syntax error, or too long, too deep, too many selections.
    """
    if len(query) > _LONGEST:
        raise _beyond(f"{len(query)} characters are more than {_LONGEST}")
    try:
        document = parse(query, max_tokens=_MOST_TOKENS)
        depth, selected = _Extent(document).measure()
    except RecursionError:
        raise _beyond("the query is nested too deeply") from None
    if depth > _DEEPEST:
        raise _beyond(f"a depth of {depth} is more than {_DEEPEST}")
    if selected > _MOST_SELECTED:
        raise _beyond(f"{selected} selected fields are more than {_MOST_SELECTED}")
    return document


def _beyond(what: str) -> GraphQLError:
    return GraphQLError(f"Query is too complex: {what}", extensions={"code": "MAX_COMPLEXITY"})


class _Extent:
    """Measures a document as if its fragments were written out."""

    def __init__(self, document: DocumentNode) -> None:
        self._operations = [
            node for node in document.definitions if isinstance(node, OperationDefinitionNode)
        ]
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, tuple[int, int]] = {}

    def measure(self) -> tuple[int, int]:
        """Return the greatest depth of an operation and the fields of all of them."""
        extents = [self._of(each.selection_set) for each in self._operations]
        loose = [self._fragment(name) for name in self._fragments]
        depth = max((depth for depth, _ in extents + loose), default=0)
        return depth, sum(count for _, count in extents) + len(loose)

    def _of(self, selections: SelectionSetNode | None) -> tuple[int, int]:
        depth = count = 0
        for node in selections.selections if selections else ():
            own = isinstance(node, FieldNode)
            if isinstance(node, FragmentSpreadNode):
                below, inside = self._fragment(node.name.value)
            else:
                below, inside = self._of(getattr(node, "selection_set", None))
            depth, count = max(depth, below + own), count + inside + own
        return depth, count

    def _fragment(self, name: str) -> tuple[int, int]:
        if name not in self._known:
            # A fragment within itself is refused by the validation that follows.
            self._known[name] = (0, 0)
            node = self._fragments.get(name)
            self._known[name] = self._of(node.selection_set) if node else (0, 0)
        return self._known[name]


def counting_resolver() -> GraphQLFieldResolver:
    """Return a resolver for one execution, which gives up when it has produced too many values."""
    run = 0

    def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:  # noqa: ANN401
        nonlocal run
        run += 1
        if run > _MOST_FIELDS:
            raise TooMuchError
        return default_field_resolver(source, info, **arguments)

    return resolve


def too_much() -> GraphQLError:
    """Return the error of a query that had to be given up."""
    return _beyond(f"it selects more than {_MOST_FIELDS} values; ask for smaller pages")
