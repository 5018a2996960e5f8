"""What a page learns of a town that says nothing of its map."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from data.scope import Scope
from data.session import Database
from layers.exchange import town
from layers.people.town import describe_town
from tests.conftest import Databases
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
