"""Tables of the house."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the file through a raw cursor: SQLAlchemy's text() trips on ':' and '%'."""
    text = (Path(__file__).parents[1] / "sql" / "0001_tables.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(text)
