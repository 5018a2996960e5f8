"""Every table and column says what it holds."""

from sqlalchemy import text
from sqlalchemy.orm import Session


def test_every_table_and_column_has_a_comment(session: Session) -> None:
    silent = (
        session.execute(
            text("""
        select c.relname || coalesce('.' || a.attname, '') from pg_class c
        left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
          and c.relname <> 'alembic_version'
          and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
          and (col_description(c.oid, a.attnum) is null or obj_description(c.oid, 'pg_class') is null)
    """)
        )
        .scalars()
        .all()
    )
    assert silent == []
