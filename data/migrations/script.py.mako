"""${message}."""

from pathlib import Path

from alembic import op

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Run the file through a raw cursor."""
    text = (Path(__file__).parents[1] / "sql" / "${up_revision}.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(text)
