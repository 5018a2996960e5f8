"""Boundary plans: drafts, their operations, who is to be responsible, lineage of areas."""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the file through a raw cursor: SQLAlchemy's text() trips on ':' and '%'."""
    text = (Path(__file__).parents[1] / "sql" / "0003_planning.sql").read_text(encoding="utf-8")
    op.get_bind().connection.cursor().execute(text)
