"""``onegrid plan``: boundary plans from the command line, over the same service as the page."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from pydantic import TypeAdapter, ValidationError

from api.cli.exchange import Moment
from api.cli.importing import long_transaction
from api.cli.invocation import Invocation, pass_invocation
from api.cli.output import counted, json_option, tell
from data import clock
from data.errors import Invalid
from gis.formats import write_package
from layers.incident import boundaries
from layers.planning import checks, impact, moving, plans, service
from layers.planning.asked import NewPlan, Operation
from layers.planning.files import drafting, package
from webmap import i18n
from webmap.style import qgis

as_user = click.option("--as", "username", metavar="USERNAME", help="Who does it; default: the command line itself.")
# Two people stand behind a plan: here they are named.
as_person = click.option("--as", "username", metavar="USERNAME", required=True, help="Who does it.")
_OPERATIONS: TypeAdapter[list[Any]] = TypeAdapter(list[Operation])


class PlanId(click.ParamType[UUID]):
    """The id of a plan."""

    name = "PLAN"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> UUID:
        """Read it."""
        try:
            return UUID(str(value))
        except ValueError:
            self.fail(f"{value!r} is no id of a plan; 'onegrid plan list' shows them", param, ctx)


plan_argument = click.argument("plan_id", metavar="PLAN", type=PlanId())


@click.group()
def plan() -> None:
    """Boundary plans: drafts, edits, checks, publishing (docs/planning-design.md)."""


@plan.command("list")
@click.option("--state", metavar="STATES", help="draft, in_review, approved, published, retired; several by commas.")
@json_option
@pass_invocation
def list_(invocation: Invocation, state: str | None, as_json: bool) -> None:
    """Show the plans, newest first."""
    with invocation.transaction() as session:
        found = plans.listed(session, state)
    lines = [f"{one['id']}  {one['state']:<10} {counted(one['version'], 'step'):>9}  {one['name']}" for one in found]
    tell(as_json, {"plans": found}, lines or ["no plan"])


@plan.command("show")
@plan_argument
@json_option
@pass_invocation
def show(invocation: Invocation, plan_id: UUID, as_json: bool) -> None:
    """Show a plan and its last steps."""
    with invocation.transaction() as session:
        found = plans.get(session, plan_id)
    _tell(found, as_json)


@plan.command("new")
@click.argument("name")
@as_user
@json_option
@pass_invocation
def new(invocation: Invocation, name: str, username: str | None, as_json: bool) -> None:
    """Open a plan on the boundaries in force now."""
    _set_clock(invocation)
    with long_transaction(invocation, username) as session:
        found = plans.get(session, plans.add(session, NewPlan(name=name)))
    _tell(found, as_json)


@plan.command("apply")
@plan_argument
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@as_user
@json_option
@pass_invocation
def apply(invocation: Invocation, plan_id: UUID, file: Path, username: str | None, as_json: bool) -> None:
    """Apply the operations of FILE (JSON: one, or a list) to a draft; all of them or none."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        operations = _OPERATIONS.validate_python(given if isinstance(given, list) else [given])
    except (ValidationError, ValueError) as error:
        raise Invalid("plan.file", f"{file.name} holds no operations of a plan: {_first(error)}") from error
    _set_clock(invocation)
    with long_transaction(invocation, username) as session:
        for operation in operations:
            service.edit(session, plan_id, None, plans.require(session, plan_id).version, operation)
        found = plans.get(session, plan_id)
    _tell(found, as_json)


@plan.command("draw")
@plan_argument
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--crs", metavar="CRS", help="EPSG:N, wgs84, cgcs2000, gcj02 or bd09, where the file does not say.")
@click.option("--layer", help="Layer of a GeoPackage or of a drawing.")
@click.option(
    "--repair",
    type=click.FloatRange(min=0),
    default=0.0,
    metavar="METRES",
    help="Close gaps, overlaps, open lines so wide.",
)
@click.option("--dry-run", is_flag=True, help="Only tell the faults; exit status 1 if it could not be drawn.")
@as_user
@json_option
@pass_invocation
def draw(
    invocation: Invocation, plan_id: UUID, file: Path, crs: str | None, layer: str | None, repair: float, dry_run: bool,
    username: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Draw FILE of QGIS or CAD (.gpkg .zip .geojson .dxf …) into a draft as one step; its places of faults go to FILE.faults.geojson."""
    given = drafting.Given(file, crs, layer, repair)
    _set_clock(invocation)
    with long_transaction(invocation, username) as session:
        looked = drafting.look(session, plan_id, given)
        drawn = looked["can_apply"] and not dry_run
        if drawn:
            drafting.draw(session, plan_id, None, looked["version"], given)
        found = plans.get(session, plan_id)
    places = [feature for one in looked["faults"] for feature in one["places"]["features"]]
    if places:
        text = json.dumps({"type": "FeatureCollection", "features": places}, ensure_ascii=False)
        file.with_name(f"{file.name}.faults.geojson").write_text(text, encoding="utf-8")
    tell(as_json, {**looked, "plan": found, "drawn_now": drawn}, _look_lines(looked, drawn))
    if not looked["can_apply"]:
        raise click.exceptions.Exit(1)


def _look_lines(looked: dict[str, Any], drawn: bool) -> list[str]:
    areas = looked["areas"]
    kinds = [_fault_line(one) for one in looked["faults"]]
    systems = [f"would fit as --crs {one['crs']} ({one['share']:.0%} on borders)" for one in looked["suggested_crs"]]
    needs = looked["needs_m"]
    advice = [f"--repair {needs:g} would be enough"] if needs and needs > looked["width_m"] else []
    counts = (
        f"{counted(areas['changed'], 'grid')} changed, {areas['new']} new, {areas['unchanged']} as they are, "
        f"{len(areas['gone'])} gone"
    )
    return [*kinds, *systems, *advice, f"{'drawn' if drawn else 'not drawn'}: {counts}"]


def _fault_line(one: dict[str, Any]) -> str:
    mended = f"not mended: {one['left']}" if one["left"] else "mended" if one["hinders"] else "told"
    width = f"  up to {one['width_m']} m" if one["width_m"] else ""
    return f"{one['kind']:<14} {one['count']:>4}  {mended}{width}  {' '.join(one['codes'][:6])}".rstrip()


@plan.command("export")
@plan_argument
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@as_user
@json_option
@pass_invocation
def export(invocation: Invocation, plan_id: UUID, file: Path, username: str | None, as_json: bool) -> None:
    """Write a plan to FILE.gpkg with the styles of QGIS: areas, borders, what is handed over."""
    if file.suffix.lower() != ".gpkg":
        raise click.UsageError("a plan is written as .gpkg")
    _set_clock(invocation)
    with long_transaction(invocation, username) as session:
        made = package.package(session, plan_id)
    words = {name: i18n.text("zh", f"planner.style_{name}") for name in qgis.WORDS}
    file.unlink(missing_ok=True)
    write_package(file, made.layers, qgis.styles(words, "name"))
    counts = {name: len(frame) for name, frame in made.layers.items()}
    said = ", ".join(f"{name} {count}" for name, count in counts.items())
    tell(as_json, {"file": str(file), "layers": counts}, [f"{file}: {said}"])


def _first(error: ValueError) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"


@plan.command("undo")
@plan_argument
@as_user
@json_option
@pass_invocation
def undo(invocation: Invocation, plan_id: UUID, username: str | None, as_json: bool) -> None:
    """Take back one's own last operation."""
    _set_clock(invocation)
    with long_transaction(invocation, username) as session:
        service.undo(session, plan_id, None, plans.require(session, plan_id).version)
        found = plans.get(session, plan_id)
    _tell(found, as_json)


@plan.command("check")
@plan_argument
@json_option
@pass_invocation
def check(invocation: Invocation, plan_id: UUID, as_json: bool) -> None:
    """Show what a plan lacks (red), what to look at (amber), what holds (green), and what changes hands. Red: exit status 1."""
    _set_clock(invocation)
    with long_transaction(invocation) as session:
        found, moved = checks.checks(session, plan_id), impact.impact(session, plan_id)
    lines = [f"{one['level']:<6} {one['code']}: {one['count']}  {' '.join(one['codes'][:6])}".rstrip() for one in found]
    counts = ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in moved["counts"].items())
    tell(as_json, {"checks": found, "impact": moved}, [*lines, f"changes hands: {counts}"])
    if any(one["level"] == "red" for one in found):
        raise click.exceptions.Exit(1)


@plan.command("submit")
@plan_argument
@as_person
@json_option
@pass_invocation
def submit(invocation: Invocation, plan_id: UUID, username: str, as_json: bool) -> None:
    """Give a draft to be reviewed."""
    _set_clock(invocation)
    with long_transaction(invocation, username) as session:
        moving.submit(session, plan_id)
        found = plans.get(session, plan_id)
    _tell(found, as_json)


@plan.command("approve")
@plan_argument
@as_person
@json_option
@pass_invocation
def approve(invocation: Invocation, plan_id: UUID, username: str, as_json: bool) -> None:
    """Approve a plan that somebody else submitted."""
    _set_clock(invocation)
    with long_transaction(invocation, username) as session:
        moving.approve(session, plan_id)
        found = plans.get(session, plan_id)
    _tell(found, as_json)


@plan.command("publish")
@plan_argument
@as_person
@click.option(
    "--count", type=click.IntRange(0), required=True, help="Open cases that change hands; 'check' shows them."
)
@click.option("--at", type=Moment(), help="Moment to come; default: at once.")
@json_option
@pass_invocation
def publish(
    invocation: Invocation, plan_id: UUID, username: str, count: int, at: datetime | None, as_json: bool
) -> None:
    """Put an approved plan in force; not by who submitted it."""
    _set_clock(invocation)
    with long_transaction(invocation, username) as session:
        boundaries.publish(session, plan_id, at, count)
        found = plans.get(session, plan_id)
    _tell(found, as_json)


def _set_clock(invocation: Invocation) -> None:
    clock.set_now(invocation.settings.now)


def _tell(found: dict[str, Any], as_json: bool) -> None:
    """Print a plan; after its transaction, which may yet refuse it."""
    steps = [
        f"{one['seq']:>5}  {one['kind']:<14} {one['user'] or '-'}  {' '.join(one['codes'][:4])}"
        for one in found["steps"]
    ]
    head = f"{found['id']}  {found['state']}  version {found['version']}  {found['name']}"
    tell(as_json, found, [head, *steps])


commands = (plan,)
