"""Both languages say the same things, and every word a page asks for is there."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

from gis.partition.operations import KINDS as OPERATIONS
from gis.partition.places import KINDS
from layers.incident import guards, moves, timing, workflow
from layers.incident.case import STATES
from layers.planning.plans import STATES as PLAN_STATES
from layers.supervision.thresholds import NAMES
from webmap import i18n, pages

JINJA_KEY = re.compile(r"""\bt\(\s*["']([a-z_]+\.[A-Za-z0-9_.]+)["']\s*[,)]""")
SCRIPT_CALL = re.compile(r"\bt\(([^()]{0,200})")
SCRIPT_KEY = re.compile(r"""["']([a-z]+\.[A-Za-z0-9_.]+)["']""")
# needs("a", "b"), scope.may("a"), scope.require("a")
ASKED = re.compile(r'^\s*(?:@needs|[^#"]*\.(?:may|require))\(((?:"\w+"(?:, )?)+)\)', re.M)
PLACEHOLDER = re.compile(r"\{(\w+)\}")
PLAN_CHECKS = (
    "unnamed nobody outdated households_few households_many entities_many parts village_border buildings no_gap no_overlap"
    " in_one_village"
)
# Keys put together from a code, by the group their code belongs to; the codes below are the ones that exist.
BUILT = {
    "common.state_": "reported verifying accepted declined merged filed dispatched returned handling suspended"
    " transferred_up awaiting_inspection closed evaluated archived voided",
    "common.platform_": "public_order enforcement market service none",
    "common.urgency_": "U1 U2 U3 U4",
    "common.tab_": "map desk planner inbox supervision incidents triage report admin progress_public report_public",
    "incidents.stage_": "accept handle evaluate",
    "incidents.toggle_": "open late amber",
    "incidents.fig_": "open late amber today_reported today_closed triage",
    "incidents.col_": "clock case place category state lead channel reported",
    "incident.log_": "report handle correct photo import open unmask",
    "appraisal.": "on_time_disposal on_time_closure accurate_dispatch valid_report satisfaction rework overdue_open extension supervision"
    " period_month period_last_month period_quarter period_year period_days_30 period_own by_town by_platform by_org by_village by_grid"
    " by_category from to",
    "desk.stage_": "accept supervised handle evaluate",
    "desk.empty_": "accept supervised handle evaluate all",
    "desk.waiting_": "late unseen reply asked",
    "desk.filter_": "platform village channel",
    "desk.key_": "search next open main accept verify merge decline grid place copy close keys",
    "desk.field_": "reason reason_code text public_text external_ref review_on level share score satisfied condition_met verifier_id"
    " into outcome category typed",
    "inbox.group_": "reply unseen verify sign handle inspect self_handle returned",
    "inbox.act_": "verify inspect sign feed_back resume self_handle reply return ask_extension ask_suspend appeal paper",
    "inbox.choice_": "verify_found verify_absent verify_unclear pass_inspection rework",
    "inbox.field_": "choice text public_text reason_code reason review_on photo_before photo_after signer signed_at handled_at",
    "progress.step_": "accepted filed dispatched handled closed evaluated",
    "progress.now_": "received accepted filed dispatched handled closed evaluated",
    "progress.state_": "done now later never",
    "progress.score_": "1 2 3 4 5",
    "progress.not_": "withdraw evaluate reopen shown",
    "slip.": "name urgency sent_by lead_org co_orgs category limit channel occurred_at grid address party party_kind people content"
    " opinion record sign_org signer phone signed_at part_handling part_receipt",
    "supervision.rule_": " ".join(NAMES),
    "supervision.about_": " ".join(NAMES),
    "supervision.state_": "proposed issued dismissed lifted",
    "supervision.log_": "propose issue dismiss reply lift",
    "supervision.step_": "issue dismiss reply lift",
    "supervision.did_": "issue dismiss reply lift",
    "supervision.not_": "issue dismiss reply lift saved",
    "supervision.next_": "issue reply lift",
    "supervision.words_": "issue reply lift missing",
    "supervision.hint_": "issue reply lift",
    "supervision.colour_": "yellow red",
    "supervision.appeal_": "open upheld rejected",
    "supervision.view_": "flags cases projects",
    "supervision.failed_": "flags cases projects",
    "supervision.empty_": "flags cases projects flags_words cases_words projects_words filtered",
    "supervision.filter_": "state colour rule org unreplied level reply platform open late",
    "supervision.fig_": "proposed issued_red issued unreplied appeals level_3 reply projects_late projects_open",
    "supervision.basis_": "started_at due_at until at limit late stage took_s within_minutes distance_m over_m level month count"
    " at_least time reason",
    "supervision.project_": "planned running paused done cancelled line failed added",
    "supervision.task_": "open doing done cancelled state added",
    "supervision.entry_": "progress change",
    "supervision.col_": "task org until state level reply",
    "supervision.field_": "name goal org starts_on due_on task words of_task percent cases photos state reason",
    "planner.refused_": " ".join(KINDS),
    "planner.todo_": " ".join(KINDS),
    "planner.did_": " ".join((*OPERATIONS, "undo", "redo")).replace(" restore", ""),
    "planner.tool_": "select push junction split merge cut paint measure",
    "planner.hint_": "select border push push_on junction split split_on merge merge_more cut cut_on paint paint_to measure",
    "planner.state_": " ".join(PLAN_STATES),
    "planner.moved_": " ".join((*PLAN_STATES, "planned", "by", "snapped")),
    "planner.step_": "draft in_review approved published",
    "planner.act_": "undo redo submit approve return publish retire",
    "planner.saved_": "saved sending waiting at",
    "planner.view_": "today draft both",
    "planner.list_": "open published retired failed",
    "planner.empty_": "open published retired words",
    "planner.col_": "name state steps by based_on",
    "planner.handle_": "vertex junction middle",
    "planner.snapped_": "vertex edge finish",
    "planner.fig_": "households incidents_90d entities hours_week compactness",
    "planner.about_": "households incidents_90d entities hours_week compactness spread",
    "planner.level_": "red amber green",
    "planner.check_": PLAN_CHECKS,
    "planner.why_": PLAN_CHECKS,
    "planner.role_": "primary_responsible liaison_cadre primary_informant",
    "planner.moves_": "open_incidents entities households more",
    "planner.": "effects checks history",
    "loop.did_": "flag_issue flag_dismiss flag_reply flag_lift",
    "admin.col_": "username name role org areas platform password status last acts scopes created expires reach token",
    "admin.reach_": "town area organisation platform own",
    "admin.tab_": "users roles tokens",
    "error.title_": "400 401 403 404 429 500 503 case",
    "error.words_": "400 401 403 404 429 500 503 case",
    "state.live_": "live waiting lost",
}


def _scripts() -> list[Path]:
    return [path for path in pages.STATIC.rglob("*.js") if "vendor" not in path.parts]


def test_both_languages_have_the_same_strings() -> None:
    chinese, english = (
        {key for key in i18n.catalogue(language) if not key.endswith(".one")} for language in i18n.LANGUAGES
    )
    assert chinese == english


def test_both_languages_take_the_same_values() -> None:
    chinese, english = i18n.catalogue("zh"), i18n.catalogue("en")
    wrong = {
        key: (text, english[key])
        for key, text in chinese.items()
        if set(PLACEHOLDER.findall(text)) != set(PLACEHOLDER.findall(english[key]))
    }
    assert wrong == {}


def test_no_string_is_empty() -> None:
    """A unit may be silent in English; in Chinese nothing is."""
    assert [key for key, text in i18n.catalogue("zh").items() if not text.strip()] == []


def test_every_string_a_template_uses_exists() -> None:
    used = {key for path in pages.PAGES.glob("*.html") for key in JINJA_KEY.findall(path.read_text())}
    assert used
    assert used - set(i18n.catalogue("zh")) == set()


def test_every_string_a_script_uses_exists() -> None:
    calls = [call for path in _scripts() for call in SCRIPT_CALL.findall(path.read_text())]
    used = {key for call in calls for key in SCRIPT_KEY.findall(call)}
    assert len(used) > 100
    assert used - set(i18n.catalogue("zh")) == set()


@pytest.mark.parametrize(("group", "codes"), BUILT.items())
def test_every_string_put_together_from_a_code_exists(group: str, codes: str) -> None:
    assert {f"{group}{code}" for code in codes.split()} - set(i18n.catalogue("zh")) == set()


def test_every_state_of_an_incident_has_a_word() -> None:
    tables = Path(pages.PAGES.parents[1] / "data" / "migrations" / "sql" / "0001_tables.sql").read_text()
    check = re.search(r"constraint incident_state check \(state in \((.*?)\)\)", tables, re.S)
    assert check
    states = re.findall(r"'(\w+)'", check[1])
    assert len(states) == 16
    assert {f"common.state_{state}" for state in states} <= set(i18n.catalogue("zh"))


def test_every_permission_has_a_word() -> None:
    """Those the defaults and packs give to roles, and those the code asks for."""
    root = pages.PAGES.parents[1]
    tables = [root / "data" / "defaults" / "roles.csv", *(root / "data" / "packs").glob("*/roles.csv")]
    rows = (row for path in tables for row in csv.DictReader(path.read_text().splitlines()))
    given = {word for row in rows for word in row["permissions"].split(";")}
    sources = (path.read_text() for name in ("api", "data", "layers", "webmap") for path in (root / name).rglob("*.py"))
    asked = {word for source in sources for call in ASKED.findall(source) for word in re.findall(r'"(\w+)"', call)}
    assert {"triage", "manage_users", "import"} <= given | asked
    assert {f"permission.{word}" for word in given | asked} - set(i18n.catalogue("zh")) == set()


def test_every_triage_reason_has_a_word() -> None:
    from layers.address.place import REASONS

    assert {f"common.triage_{reason}" for reason in REASONS} <= set(i18n.catalogue("zh"))


def test_every_name_of_the_closed_loop_has_a_word() -> None:
    """Transitions as a button and as done, kinds of reasons, clocks with their units, and every code of a refusal."""
    rules = workflow.RULES.values()
    reasons = {
        *(code for rule in rules for code in rule.reasons),
        "withdrawn",
        "not_satisfied",
        "time",
        "often",
        "sampled",
    }
    named = {f"loop.{kind}_{rule.name}" for rule in rules for kind in ("name", "did")}
    named |= {f"loop.reason_{code}" for code in reasons} | {f"loop.clock_{stage}" for stage in (*timing.WHOLE, "whole")}
    named |= {f"loop.unit_{unit}" for unit in ("urgent_hour", "work_hour", "work_day", "natural_day")}
    sources = [Path(module.__file__ or "").read_text() for module in (workflow, guards, moves)]
    refusals = {code for source in sources for code in re.findall(r'"(transition\.[a-z_]*[a-z])"', source)}
    refusals |= {f"transition.needs_{fact}" for rule in rules for fact in rule.needs}
    assert len(refusals) > 40
    named |= {f"error.{code}" for code in refusals} | {f"common.state_{state}" for state in STATES}
    assert named - set(i18n.catalogue("zh")) == set()


def test_one_is_said_as_one_where_a_language_has_it() -> None:
    assert i18n.text("en", "incidents.matching", n=1) == "1 case"
    assert i18n.text("en", "incidents.matching", n=2) == "2 cases"
    assert i18n.text("zh", "incidents.matching", n=1) == "符合 1 件"


def test_a_value_that_looks_like_a_placeholder_is_not_replaced_again() -> None:
    assert i18n.text("zh", "incident.triage_suggested", crs="{grid}", grid="甲") == "按 {grid} 反算，落在 甲"


def test_chinese_without_a_choice() -> None:
    assert i18n.choose(None, None) == "zh"
    assert i18n.choose("", "xx") == "zh"


def test_no_word_that_the_style_forbids() -> None:
    """No exclamation marks, no 请您, 失败, 异常 or 系统繁忙: say what did not happen."""
    forbidden = re.compile("！|请您|失败|异常|系统繁忙|!")
    strings = [item for language in i18n.LANGUAGES for item in i18n.catalogue(language).items()]
    assert [(key, text) for key, text in strings if forbidden.search(text)] == []
