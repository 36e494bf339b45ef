"""The GraphQL that is asked of `api.fly.io`, as text. `…Unprocessed` is what the CLI reads too."""

from __future__ import annotations

VIEWER = """
query {
  viewer {
    __typename
    ... on User { email name }
    ... on Macaroon { email }
  }
}
"""

APPS = """
query ($first: Int, $after: String) {
  apps(first: $first, after: $after) {
    nodes { id internalNumericId name hostname appUrl }
    pageInfo { endCursor hasNextPage }
  }
}
"""

APP = """
query ($name: String) {
  app(name: $name) { id internalNumericId name hostname appUrl }
}
"""

RELEASES = """
query ($name: String, $first: Int, $after: String) {
  app(name: $name) {
    name
    releases: releasesUnprocessed(first: $first, after: $after) {
      edges {
        cursor
        node {
          id version status description reason imageRef createdAt
          user { email name }
        }
      }
      pageInfo { endCursor hasNextPage }
    }
  }
}
"""

DEFINITION = """
query ($name: String) {
  app(name: $name) { currentRelease: currentReleaseUnprocessed { configDefinition } }
}
"""

IMAGE = """
query ($name: String, $ref: String!) {
  app(name: $name) { image(ref: $ref) { digest } }
}
"""

CREATE_RELEASE = """
mutation ($input: CreateReleaseInput!) {
  createRelease(input: $input) { release { id version } }
}
"""

UPDATE_RELEASE = """
mutation ($input: UpdateReleaseInput!) {
  updateRelease(input: $input) { release { id } }
}
"""
