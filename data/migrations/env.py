"""Alembic runs inside data.migrate.upgrade, on its connection and in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None)
context.run_migrations()
