"""Accounts over HTTP and from the command line: in bulk all or none, secrets told once, other towns untouched."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from api.cli import main
from tests.api.conftest import Browser
from tests.small_town import GRIDS, OTHER_TOWN, VILLAGES


def add(browser, *users):
    return browser.post("/api/v1/users", {"users": list(users)})


def test_accounts_are_made_in_bulk_and_sign_in(web):
    admin = web.browser("admin")
    answer = add(
        admin,
        {"username": "grid.one", "name": "一号", "role": "grid_worker", "areas": [GRIDS[0], GRIDS[1]]},
        {"username": "staff.one", "name": "中队", "role": "org_staff", "org": "squad"},
    )
    assert answer.status_code == 201, answer.json
    passwords = {user["username"]: user["password"] for user in answer.json["users"]}
    person = Browser(web.app.test_client()).sign_in("grid.one", passwords["grid.one"])
    assert set(GRIDS[:2]) <= set(person.get("/api/v1/me").json["areas"])
    listed = admin.get("/api/v1/users?q=one").json
    assert [user["username"] for user in listed["users"]] == ["grid.one", "staff.one"]
    assert listed["count"] == 2
    assert "password" not in json.dumps(listed).replace("must_change_password", "")


def test_accounts_that_are_only_checked_are_not_made(web):
    admin = web.browser("admin")
    good = {"username": "look.one", "name": "看", "role": "leader"}
    asked = [
        ({**good, "role": "emperor"}, 422, "user.invalid"),
        ({**good, "areas": ["nowhere"]}, 422, "user.invalid"),
        (good, 200, None),
    ]
    for user, status, code in asked:
        answer = admin.post("/api/v1/users", {"users": [user], "check": True})
        assert (answer.status_code, answer.json.get("code")) == (status, code)
    assert admin.get("/api/v1/users?q=look").json["count"] == 0


def test_one_bad_row_stops_all_and_every_fault_is_listed(web):
    admin = web.browser("admin")
    answer = add(
        admin,
        {"username": "good.one", "name": "好", "role": "leader"},
        {"username": "a b", "name": "", "role": "emperor", "areas": ["nowhere"]},
        {"username": "worker-a1", "name": "x", "role": "grid_worker"},
        {"username": "GOOD.ONE", "name": "x", "role": "org_staff", "org": "nobody", "platform": "nothing"},
        {"username": "weak.one", "name": "x", "role": "leader", "password": "short"},
    )
    assert (answer.status_code, answer.json["code"]) == (422, "user.invalid")
    faults = {(fault["row"], fault["field"], fault["code"]) for fault in answer.json["detail"]["faults"]}
    assert faults == {
        (1, "username", "bad"),
        (1, "name", "bad"),
        (1, "role", "unknown"),
        (1, "areas", "unknown"),
        (2, "username", "taken"),
        (2, "areas", "missing"),
        (3, "username", "repeated"),
        (3, "org", "unknown"),
        (3, "platform", "unknown"),
        (4, "password", "too_short"),
    }
    assert admin.get("/api/v1/users?q=good").json["count"] == 0


@pytest.mark.parametrize("field", ["username", "name", "role", "org", "platform", "password"])
def test_text_with_a_nul_character_is_refused(shared_web, field):
    answer = add(shared_web.browser("admin"), {"username": "a.b", "name": "x", "role": "leader", field: "a\x00b"})
    assert (answer.status_code, answer.json["code"]) == (422, "request.bad")
    answer = add(shared_web.browser("admin"), {"username": "a.b", "name": "x", "role": "leader", "areas": ["\x00"]})
    assert answer.status_code == 422


def test_pages_of_accounts_hold_each_once(web):
    admin, seen, cursor = web.browser("admin"), [], None
    while True:
        answer = admin.get(f"/api/v1/users?limit=4{f'&cursor={cursor}' if cursor else ''}").json
        seen += [user["username"] for user in answer["users"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == sorted(seen)
    assert len(seen) == len(set(seen)) == answer["count"]


def test_reset_gives_a_new_password_and_ends_the_sessions(web):
    admin, worker = web.browser("admin"), web.browser("worker-a1")
    told = admin.post("/api/v1/users/worker-a1/reset").json
    assert worker.get("/api/v1/incidents").status_code == 401
    assert (
        Browser(web.app.test_client())
        .sign_in("worker-a1", told["password"])
        .get("/api/v1/me")
        .json["must_change_password"]
    )


def test_nobody_disables_itself_and_the_last_manager_stays(web):
    admin = web.browser("admin")
    answer = admin.post("/api/v1/users/admin/disable")
    assert (answer.status_code, answer.json["code"]) == (409, "user.yourself")


@pytest.mark.parametrize("act", ["reset", "disable", "enable"])
def test_unknown_account_is_not_found(shared_web, act):
    answer = shared_web.browser("admin").post(f"/api/v1/users/nobody/{act}")
    assert (answer.status_code, answer.json["code"]) == (404, "user.not_found")


def test_token_for_a_permission_that_does_not_exist_is_refused(shared_web):
    answer = shared_web.browser("admin").post(
        "/api/v1/tokens", {"username": "command", "name": "x", "scopes": ["rule_the_world"]}
    )
    assert (answer.status_code, answer.json["code"]) == (422, "token.unknown_scope")


@pytest.fixture
def cli(databases, tmp_path, monkeypatch):
    """Runs ``onegrid`` on the database of this test."""
    monkeypatch.setenv("ONEGRID_DATABASE_URL", databases.app_url)
    monkeypatch.setenv("ONEGRID_DATA_DIR", str(tmp_path))

    def run(*arguments, **options):
        return CliRunner().invoke(main, ["--town", "330499101", *arguments], **options)

    return run


def test_command_line_makes_lists_and_disables(cli):
    made = cli("user", "add", "cli.one", "--role", "village_cadre", "--area", VILLAGES[0], "--json")
    assert made.exit_code == 0, made.output
    assert json.loads(made.stdout)[0]["username"] == "cli.one"
    listed = json.loads(cli("user", "list", "--json").stdout)
    assert "cli.one" in [user["username"] for user in listed]
    assert cli("user", "disable", "cli.one").exit_code == 0
    assert "disabled" in cli("user", "list", "-q", "cli.one").stdout
    token = cli("token", "create", "command", "--scope", "view")
    assert token.exit_code == 0
    assert token.stdout.startswith("og_")


def test_command_line_reads_a_file_of_accounts(cli, tmp_path):
    file = tmp_path / "users.csv"
    file.write_text(
        f"username,name,role,org,areas\nfile.one,一,org_staff,squad,\nfile.two,二,grid_worker,,{GRIDS[0]};{GRIDS[1]}\n"
    )
    made = cli("user", "add", "--file", str(file))
    assert made.exit_code == 0, made.output
    assert len(made.stdout.splitlines()) == 2
    again = cli("user", "add", "--file", str(file))
    assert again.exit_code == 1
    assert "row 1, username" in again.stderr
    assert again.stderr.count("\n") == 1


def test_command_line_reads_a_password(cli):
    made = cli("user", "add", "cli.two", "--role", "leader", "--password-stdin", input="a long sentence\n")
    assert made.exit_code == 0, made.output
    assert made.stdout.split() == ["cli.two"]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("user", "add", "x.y"), 1),  # there are managers already, so a role must be named
        (("user", "add", "x.y", "--role", "emperor"), 1),
        (("user", "add"), 2),
        (("user", "disable", "nobody"), 1),
        (("user", "disable", "admin"), 1),  # the last who manages users
        (("token", "create", "nobody"), 1),
        (("token", "create", "command", "--scope", "nothing"), 1),
        (("token", "create", "command", "--days", "0"), 2),
    ],
)
def test_command_line_refuses_with_one_line(cli, arguments, status):
    done = cli(*arguments)
    assert done.exit_code == status
    if status == 1:
        assert done.stderr.startswith("onegrid: ")
        assert done.stderr.count("\n") == 1


def test_first_administrator_needs_no_role(cli, databases):
    import psycopg2

    with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
        cursor.execute("update app_user set disabled_at = now()")
    connection.close()
    made = cli("user", "add", "first.admin")
    assert made.exit_code == 0, made.output
    listed = json.loads(cli("user", "list", "-q", "first.admin", "--json").stdout)
    assert listed[0]["roles"][0]["code"] == "administrator"


def test_accounts_of_another_town_are_out_of_reach(cli, databases, tmp_path, monkeypatch):
    other = CliRunner().invoke(main, ["--town", OTHER_TOWN, "user", "disable", "command"])
    assert (other.exit_code, "no user command" in other.stderr) == (1, True)
    listed = CliRunner().invoke(main, ["--town", OTHER_TOWN, "user", "list", "--json"])
    assert json.loads(listed.stdout) == []
