"""The closed loop: lanes and clocks of a case, and the table of transitions."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the file through a raw cursor: SQLAlchemy's text() trips on ':' and '%'."""
    text = (Path(__file__).parents[1] / "sql" / "0002_closed_loop.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(text)
