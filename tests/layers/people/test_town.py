"""What a page learns of a town that says nothing of its map."""

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from data.scope import Scope, apply
from data.session import Database
from layers.exchange import town
from layers.people.reach import Reach
from layers.people.town import describe_person, describe_town
from tests.conftest import Databases
from tests.scopes import every_scope
from tests.small_town import SmallTown
from webmap.style import build_style


def test_map_opens_on_the_areas(session: Session) -> None:
    session.execute(text("update town set map = '{}'"))
    view = describe_town(session)["map"]
    assert view["center"] == [120.895, 30.41]
    assert view["bounds"] == [120.88, 30.4, 120.91, 30.42]
    assert build_style("light", [], [], view, "zh")["center"] == [120.895, 30.41]


def test_town_without_areas_opens_on_the_world(empty_databases: Databases) -> None:
    owner = Database(empty_databases.owner_url)
    with owner.transaction(Scope.system(None)) as session:
        town_id = town.add(session, "EMPTY", "Empty", "EPSG:4549")
        session.execute(text("update town set map = '{}'"))
    with owner.transaction(Scope.system(town_id)) as session:
        view = describe_town(session)["map"]
    owner.close()
    assert (view["center"], view["zoom"], view["bounds"]) == ([0.0, 0.0], 1, None)


@pytest.mark.parametrize(
    ("name", "home"),
    [("worker-a1", [120.88, 30.4, 120.89, 30.41]), ("cadre-a", [120.88, 30.4, 120.89, 30.42]), ("command", None)],
)
def test_home_is_the_extent_of_the_own_areas(session: Session, small_town: SmallTown, name: str, home: object) -> None:
    scope = every_scope(small_town)[name]
    apply(session, scope)
    reach = Reach(town_wide=scope.town_wide, area_ids=scope.area_ids, permissions=scope.permissions)
    assert describe_person(session, reach)["home"] == home
