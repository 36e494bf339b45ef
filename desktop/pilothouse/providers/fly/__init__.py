"""Fly.io: Machines REST, GraphQL and the release REST API behind the provider's port."""
