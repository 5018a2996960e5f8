"""``onegrid plan``: the same drafts as on the page, with the same rules."""

from __future__ import annotations

import json
from pathlib import Path

from tests.api.test_cli_files import onegrid  # noqa: F401
from tests.api.test_plan import A1, DIAGONAL, LOWER
from tests.plan_files import box, frame, grids, packed
from tests.small_town import VILLAGES

NEW = f"{VILLAGES[1]}003"


def told(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_plan_goes_its_way_on_the_command_line(onegrid):  # noqa: F811
    plan = told(onegrid("plan", "new", "调整", "--as", "planner", "--json"))["id"]
    assert plan in onegrid("plan", "list", "--state", "draft").stdout
    named = {"kind": "describe", "code": NEW, "values": {"name": "乙村第 3 网格"}}
    Path("steps.json").write_text(
        json.dumps([LOWER, {**DIAGONAL, "line": [[120.893, 30.405], [120.90, 30.41]]}, named])
    )
    made = told(onegrid("plan", "apply", plan, "steps.json", "--as", "planner", "--json"))
    assert (made["version"], made["steps"][0]["user"]) == (3, "planner")
    undone = told(onegrid("plan", "undo", plan, "--as", "planner", "--json"))
    assert undone["steps"][0]["kind"] == "undo"
    lacks = onegrid("plan", "check", plan)
    assert (lacks.exit_code, lacks.stdout.splitlines()[0]) == (1, f"red    unnamed: 1  {NEW}")
    Path("name.json").write_text(json.dumps(named))
    assert onegrid("plan", "apply", plan, "name.json", "--as", "planner").exit_code == 0
    assert told(onegrid("plan", "check", plan, "--json"))["impact"]["counts"]["open_incidents"] == 0
    assert onegrid("plan", "submit", plan, "--as", "planner").exit_code == 0
    own = onegrid("plan", "approve", plan, "--as", "planner")
    assert (own.exit_code, "somebody else" in own.stderr) == (1, True)
    assert onegrid("plan", "approve", plan, "--as", "planner2").exit_code == 0
    wrong = onegrid("plan", "publish", plan, "--count", "5", "--as", "planner2")
    assert (wrong.exit_code, "another number" in wrong.stderr) == (1, True)
    assert told(onegrid("plan", "publish", plan, "--count", "0", "--as", "planner2", "--json"))["state"] == "published"
    assert onegrid("plan", "publish", plan, "--count", "0").exit_code == 2


def test_operations_of_a_file_are_applied_all_or_none(onegrid):  # noqa: F811
    plan = told(onegrid("plan", "new", "试", "--json"))["id"]
    Path("steps.json").write_text(json.dumps([LOWER, {"kind": "merge", "codes": [A1, "nowhere"], "into": A1}]))
    refused = onegrid("plan", "apply", plan, "steps.json")
    assert (refused.exit_code, len(refused.stderr.splitlines())) == (1, 1)
    assert told(onegrid("plan", "show", plan, "--json"))["version"] == 0
    for text in ("{", '[{"kind": "restore"}]', '{"kind": "split"}'):
        Path("bad.json").write_text(text)
        bad = onegrid("plan", "apply", plan, "bad.json")
        assert (bad.exit_code, bad.stderr.startswith("onegrid: bad.json")) == (1, True)
    assert onegrid("plan", "show", "nothing").exit_code == 2


def test_a_file_is_looked_at_drawn_and_taken_out_again(onegrid):  # noqa: F811
    plan = told(onegrid("plan", "new", "照图", "--json"))["id"]
    Path("grids.gpkg").write_bytes(
        packed(frame(grids(b1=box(10, 0, 20, 9.985), b2=box(10, 9.985, 20, 20), a1=box(0, 0, 9.99, 10))))
    )
    looked = onegrid("plan", "draw", plan, "grids.gpkg")
    assert (looked.exit_code, "--repair 1 would be enough" in looked.stdout) == (1, True)
    assert looked.stdout.splitlines()[0].split() == ["gap", "1", "not", "mended:", "1", "up", "to", "0.97", "m", A1]
    assert len(json.loads(Path("grids.gpkg.faults.geojson").read_text())["features"]) == 1
    assert onegrid("plan", "draw", plan, "grids.gpkg", "--repair", "1", "--dry-run").exit_code == 0
    assert told(onegrid("plan", "show", plan, "--json"))["version"] == 0
    drawn = told(onegrid("plan", "draw", plan, "grids.gpkg", "--repair", "1", "--as", "planner", "--json"))
    assert (drawn["drawn_now"], drawn["plan"]["version"], drawn["plan"]["steps"][0]["user"]) == (True, 1, "planner")
    assert onegrid("plan", "export", plan, "out.gpkg", "--as", "planner").exit_code == 0
    assert told(onegrid("plan", "export", plan, "out.gpkg", "--json"))["layers"]["areas"] == 8
    back = onegrid("plan", "draw", plan, "out.gpkg", "--json")
    assert (back.exit_code, json.loads(back.stdout)["areas"]["unchanged"]) == (1, 5)
    assert onegrid("plan", "export", plan, "out.shp").exit_code == 2
