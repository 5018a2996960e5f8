"""Files to and from the system above: what changed goes out once, what comes in is taken once, a bad row stops nothing."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import uuid
import zipfile
from datetime import datetime, timedelta

import psycopg2
import pytest
from click.testing import CliRunner

from api.cli import main
from data import clock
from tests.api.test_transition import dispatched, done, reported, shown
from tests.small_town import TOWN

COUNTY = "330499"


@pytest.fixture
def onegrid(databases, tmp_path):
    """Run a command on the database of `web`; the answer of one that is asked for JSON."""
    environment = {"ONEGRID_DATABASE_URL": databases.app_url, "ONEGRID_DATA_DIR": str(tmp_path / "data")}

    def run(*words, fails=False):
        result = CliRunner().invoke(main, ["--town", TOWN, *map(str, words)], env=environment)
        clock.set_now(None)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert (result.exit_code != 0) == fails, result.output
        return json.loads(result.stdout) if "--json" in words and not fails else result.output

    return run


@pytest.fixture
def sql(databases):
    def run(statement, *params):
        with psycopg2.connect(databases.owner_dsn) as connection, connection.cursor() as cursor:
            cursor.execute(statement, params)
            rows = cursor.fetchall() if cursor.description else []
        connection.close()
        return rows

    return run


def read(path):
    with zipfile.ZipFile(path) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(held["manifest.json"])
    rows = {part["name"]: [json.loads(line) for line in held[part["name"]].splitlines()] for part in manifest["files"]}
    for part in manifest["files"]:
        content = held[part["name"]]
        assert (part["rows"], part["bytes"]) == (len(content.splitlines()), len(content))
        assert part["sha256"] == hashlib.sha256(content).hexdigest()
    return manifest, rows


def write(folder, cases=(), answers=(), **changes):
    """A file as the county makes it; rows are objects, or bytes as they are."""
    folder.mkdir()
    parts = []
    for name, rows in (("cases.jsonl", cases), ("answers.jsonl", answers)):
        content = b"".join(
            row if isinstance(row, bytes) else json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows
        )
        (folder / name).write_bytes(content)
        parts.append(
            {"name": name, "rows": len(rows), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        )
    manifest = {
        "format": "onegrid-exchange", "version": 1, "id": str(uuid.uuid4()), "sender": COUNTY, "receiver": TOWN,
        "created_at": "2026-03-17T09:30:00Z", "files": parts, **changes,
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def sent_down(number, **given):
    return {
        "outer_no": number,
        "title": "河岸堆放垃圾",
        "category": "ZF-01-001",
        "lon": 120.885,
        "lat": 30.405,
        "crs": "cgcs2000",
        **given,
    }


def rejects(folder):
    with (folder.parent / f"{folder.name}.rejects.csv").open(encoding="utf-8-sig", newline="") as lines:
        return [(row["file"], int(row["row"]), row["reason"]) for row in csv.DictReader(lines)]


# ---- out ----


def test_what_changed_goes_out_with_its_steps_and_then_not_again(web, onegrid, tmp_path):
    command, squad, case = dispatched(web)
    told = onegrid("exchange", "out", "-o", tmp_path / "1.zip", "--json")
    assert (told["cases"], told["steps"], told["personal"]) == (1, 4, 0)
    manifest, rows = read(tmp_path / "1.zip")
    assert (manifest["sender"], manifest["synthetic"]) == (TOWN, True)
    out = rows["cases.jsonl"][0]
    assert (out["our_no"], out["state"], out["lead_org"]) == (shown(command, case)["case_no"], "dispatched", "squad")
    assert [step["step"] for step in rows["steps.jsonl"]] == ["report", "accept", "file", "dispatch"]
    assert all(datetime.fromisoformat(step["at"]).tzinfo for step in rows["steps.jsonl"])
    assert "actor" not in rows["steps.jsonl"][1]

    assert onegrid("exchange", "out", "-o", tmp_path / "2.zip", "--json")["cases"] == 0
    assert read(tmp_path / "2.zip")[0]["previous"] == manifest["id"]
    done(squad, case, "sign")
    reported(command)
    assert onegrid("exchange", "out", "-o", tmp_path / "3.zip", "--json")["cases"] == 2
    steps = read(tmp_path / "3.zip")[1]["steps.jsonl"]
    assert [step["step"] for step in steps] == ["report", "accept", "file", "dispatch", "sign", "report"]
    assert {step["step_id"] for step in rows["steps.jsonl"]} < {step["step_id"] for step in steps}


def test_since_sends_again_and_a_file_is_never_written_over(web, onegrid, tmp_path):
    reported(web.browser("command"))
    onegrid("exchange", "out", "-o", tmp_path / "a", "--json")
    assert sorted(os.listdir(tmp_path / "a")) == ["cases.jsonl", "manifest.json", "steps.jsonl"]
    assert "there already" in onegrid("exchange", "out", "-o", tmp_path / "a", fails=True)
    since = (datetime.now().astimezone() - timedelta(hours=1)).isoformat()
    assert onegrid("exchange", "out", "-o", tmp_path / "b", "--since", since, "--json")["cases"] == 1
    onegrid("exchange", "out", "-o", tmp_path / "c", "--since", "2026-03-17T10:00", fails=True)
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".exchange")]


def test_codes_are_those_of_the_table_and_what_has_none_is_named(web, onegrid, tmp_path):
    _command, _squad, _case = dispatched(web)
    (tmp_path / "codes.csv").write_text(
        "kind,ours,theirs\nstate,dispatched,派遣\nstate,reported,上报\nstate,accepted,立案\nstate,filed,立案\norganisation,squad,ZF001\n"
        "category,SJ-01-001,99\nnonsense,a,b\n",
        encoding="utf-8",
    )
    assert onegrid("import", "codes", tmp_path / "codes.csv", "--json")["added"] == 6
    told = onegrid("exchange", "out", "-o", tmp_path / "1.zip", "--json")
    rows = read(tmp_path / "1.zip")[1]
    case = rows["cases.jsonl"][0]
    assert (case["state"], case["lead_org"], "category" in case, case["urgency"]) == ("派遣", "ZF001", False, "U2")
    assert [step["to"] for step in rows["steps.jsonl"]] == ["上报", "立案", "立案", "派遣"]
    assert any("category ZF-01-001" in note for note in told["notes"])


def test_personal_fields_go_out_only_where_the_town_says_so_and_the_audit_names_them(web, onegrid, sql, tmp_path):
    command = web.browser("command")
    reported(command, reporter={"name": "张三丰", "phone": "13800001111"})
    reported(command, reporter={"name": "李四光", "phone": "13900002222", "anonymous": True})
    onegrid("exchange", "out", "-o", tmp_path / "a", "--json")
    text = (tmp_path / "a" / "cases.jsonl").read_text(encoding="utf-8")
    assert "张三丰" not in text
    assert "1380000" not in text
    sql(
        'update town set settings = settings || \'{"exchange": {"personal": ["reporter_phone"]}}\' where code = %s',
        TOWN,
    )
    since = (datetime.now().astimezone() - timedelta(hours=1)).isoformat()
    assert onegrid("exchange", "out", "-o", tmp_path / "b", "--since", since, "--json")["personal"] == 1
    text = (tmp_path / "b" / "cases.jsonl").read_text(encoding="utf-8")
    assert "13800001111" in text
    assert "张三丰" not in text
    assert "13900002222" not in text
    details = [row[0] for row in sql("select detail from audit where action = 'exchange.out' order by audit_id")]
    assert [(row["personal_fields"], row["personal_cases"]) for row in details] == [([], 0), (["reporter_phone"], 1)]


# ---- in ----


def test_a_case_sent_down_comes_in_once_however_often_its_file_comes(web, onegrid, sql, tmp_path):
    file = write(
        tmp_path / "in",
        [sent_down("HY-1", reporter_name="王五", reporter_phone="13700003333"), sent_down("HY-2", title="占道")],
    )
    told = onegrid("exchange", "in", file, "--dry-run", "--json")
    assert (told["added"], sql("select count(*) from incident")) == (2, [(0,)])
    told = onegrid("exchange", "in", file, "--json")
    assert (told["added"], told["unchanged"], told["rejected"]) == (2, 0, 0)
    told = onegrid("exchange", "in", file, "--json")
    assert (told["added"], told["unchanged"], told["rejected"]) == (0, 2, 0)
    overlapping = write(
        tmp_path / "more", [sent_down("HY-2", title="占道"), sent_down("HY-3"), sent_down("HY-1", title="别的")]
    )
    told = onegrid("exchange", "in", overlapping, "--json")
    assert (told["added"], told["unchanged"], told["rejected"]) == (1, 1, 1)
    assert "said something else" in rejects(overlapping)[0][2]
    assert sql("select county_ref, state, channel from incident order by county_ref") == [
        (number, "accepted", "higher") for number in ("HY-1", "HY-2", "HY-3")
    ]
    first = sql("select detail from audit where action = 'exchange.in' order by audit_id")[0][0]
    assert (first["personal_fields"], first["personal_cases"]) == (["reporter_name", "reporter_phone"], 1)
    command = web.browser("command")
    case = command.get("/api/v1/incidents?county_ref=HY-1").json["features"][0]["id"]
    properties = shown(command, case)
    assert properties["reporter"]["name"] == "王**"
    assert [row["name"] for row in properties["log"]] == ["report", "receive"]


def test_answers_bring_cases_back_and_the_rest_is_rejected_with_its_reason(web, onegrid, tmp_path):
    command, squad, back = dispatched(web)
    done(squad, back, "sign")
    done(command, back, "transfer_up", reason="超出镇权限", external_ref="HY-10")
    ended = dispatched(web)[2]
    done(command, ended, "transfer_up", reason="超出镇权限", external_ref="待编号")
    at_work = dispatched(web)[2]
    ours = {name: shown(command, case)["case_no"] for name, case in (("ended", ended), ("at_work", at_work))}
    answers = [
        {"step_id": "1", "outer_no": "HY-10", "answer": "return", "reason": "镇级办理"},
        {"step_id": "2", "our_no": ours["ended"], "outer_no": "HY-11", "answer": "result", "text": "县里已办结", "public_text": "已清运",
         "at": datetime.now().astimezone().isoformat()},
        {"step_id": "3", "outer_no": "HY-99", "answer": "result", "text": "x"},
        {"step_id": "4", "our_no": ours["at_work"], "answer": "result", "text": "x"},
        {"step_id": "5", "our_no": ours["at_work"], "outer_no": "HY-10", "answer": "return", "reason": "x"},
        {"step_id": "6", "outer_no": "HY-10", "answer": "dance"},
        {"step_id": "7", "answer": "return"},
        b"{broken\n",
        b"[1]\n",
        {"step_id": "8", "our_no": ours["ended"], "answer": "result", "text": "x", "at": "2030-01-01T00:00:00Z"},
    ]  # fmt: skip
    file = write(tmp_path / "in", answers=answers)
    told = onegrid("exchange", "in", file, "--json")
    assert (told["changed"], told["rejected"]) == (2, 8), rejects(file)
    found = {row: reason for _, row, reason in rejects(file)}
    for row, part in {
        3: "HY-99",
        4: "not_from_here",
        5: "is that of case",
        6: "dance",
        7: "outer_no or our_no",
        8: "no JSON",
        9: "no JSON",
    }.items():
        assert part in found[row], found
    assert 10 in found
    assert (shown(command, back)["state"], shown(command, back)["escalation"]) == ("handling", "town")
    over = shown(command, ended)
    assert (over["state"], over["county_ref"]) == ("closed", "HY-11")
    assert over["log"][-1]["facts"]["public_text"] == "已清运"
    again = onegrid("exchange", "in", file, "--json")
    assert (again["changed"], again["unchanged"], again["rejected"]) == (0, 2, 8)
    assert shown(command, back)["version"] == shown(command, back)["version"]


def test_a_rejected_row_is_taken_once_it_is_possible(web, onegrid, tmp_path):
    command, _squad, case = dispatched(web)
    number = shown(command, case)["case_no"]
    file = write(tmp_path / "in", answers=[{"our_no": number, "answer": "return", "reason": "镇级办理"}])
    assert onegrid("exchange", "in", file, "--json")["rejected"] == 1
    done(command, case, "transfer_up", reason="超出镇权限", external_ref="HY-5")
    assert onegrid("exchange", "in", file, "--json")["changed"] == 1
    assert not (tmp_path / "in.rejects.csv").exists()


def test_a_case_nobody_had_yet_comes_back_as_accepted(web, onegrid, tmp_path):
    command = web.browser("command")
    case = reported(command, category=None, title="说不清的事")
    done(command, case, "accept")
    done(command, case, "transfer_up", reason="超出镇权限", external_ref="HY-6")
    file = write(tmp_path / "in", answers=[{"outer_no": "HY-6", "answer": "return", "reason": "请镇里先核"}])
    assert onegrid("exchange", "in", file, "--json")["changed"] == 1
    assert shown(command, case)["state"] == "accepted"


def test_rows_before_and_after_a_bad_one_are_taken_also_in_a_long_file(onegrid, sql, tmp_path):
    cases = [sent_down(f"HY-{n}", title="" if n % 50 == 7 else f"第 {n} 件") for n in range(450)]
    cases[8] |= {"title": "a\x00b"}
    cases[9] |= {"lon": 400.0, "lat": 5.0}
    cases[10] |= {"category": "NO-SUCH"}
    file = write(tmp_path / "in", cases)
    told = onegrid("exchange", "in", file, "--json")
    assert (told["added"], told["rejected"]) == (439, 11), rejects(file)
    assert sql("select count(*), count(triage_reason) from incident") == [(439, 1)]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"receiver": "330499999"}, "330499999"), ({"version": 2}, "version"), ({"format": "other"}, "format"),
        ({"files": [{"name": "../cases.jsonl", "rows": 0, "bytes": 0, "sha256": "0" * 64}]}, "files"),
        ({"files": [{"name": "cases.jsonl", "rows": 1, "bytes": 9, "sha256": "0" * 64}]}, "not what the manifest says"),
        ({"files": [{"name": "steps.jsonl", "rows": 0, "bytes": 0, "sha256": "0" * 64}]}, "missing"),
    ],
)  # fmt: skip
def test_a_file_that_is_damaged_or_not_for_us_changes_nothing(onegrid, sql, tmp_path, changes, word):
    file = write(tmp_path / "in", [sent_down("HY-1")], **changes)
    assert word in onegrid("exchange", "in", file, fails=True)
    assert sql("select count(*) from incident") == [(0,)]


def test_what_is_no_container_is_said(onegrid, tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK nonsense")
    assert "neither a folder nor a whole zip" in onegrid("exchange", "in", tmp_path / "a.zip", fails=True)
    assert "No such file" in onegrid("exchange", "in", tmp_path / "b.zip", fails=True)
    (tmp_path / "c").mkdir()
    assert "manifest.json" in onegrid("exchange", "in", tmp_path / "c", fails=True)


def test_our_own_file_is_not_taken_for_one_of_the_county(web, onegrid, sql, tmp_path):
    sql(
        "update town set settings = settings || %s where code = %s",
        json.dumps({"exchange": {"receiver": COUNTY}}),
        TOWN,
    )
    reported(web.browser("command"))
    onegrid("exchange", "out", "-o", tmp_path / "1.zip", "--json")
    assert "expected from" in onegrid("exchange", "in", tmp_path / "1.zip", fails=True)
    file = write(tmp_path / "in", [sent_down("HY-1")], sender="330411")
    assert "330411" in onegrid("exchange", "in", file, fails=True)


def test_the_demo_town_has_a_word_for_every_state_and_step():
    from layers.incident.case import STATES
    from layers.incident.workflow import RULES
    from tests.conftest import ROOT

    with (ROOT / "data" / "packs" / "ganpu" / "exchange.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    named = {kind: {row["ours"] for row in rows if row["kind"] == kind} for kind in ("state", "step", "answer")}
    assert named == {"state": set(STATES), "step": {"report", *RULES}, "answer": {"return", "result"}}
