"""What survives a restart: the journal, the release cache and the settings.

Importing this package costs nothing; its modules load SQLAlchemy, which takes a third of a second
on a slow computer, so they are imported when the store is opened and not before.
"""
