"""onegrid briefing: the file for the joint meeting."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from api.cli.invocation import Invocation, pass_invocation
from data import audit
from data.errors import Invalid
from layers import briefing as content
from webmap.documents import briefing as document


@click.command()
@click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The HTML file to write."
)
@click.option(
    "--lang", type=click.Choice(["zh", "en"]), default="zh", show_default=True, help="Language of the document."
)
@pass_invocation
def briefing(invocation: Invocation, output: Path, lang: str) -> None:
    """Write one file with map, figures and open cases that opens without a network."""
    if output.suffix.lower() not in (".html", ".htm"):
        raise click.BadParameter(f"{output.name}: the briefing is a web page; name it .html", param_hint="-o")
    with invocation.transaction() as session:
        html = document.render(content.frame(session, getpass.getuser()), lang)
        audit.record(session, "export", "briefing", detail={"file": output.name})
    _write(output, html)
    click.echo(f"{output}: {len(html.encode()) / 1e6:.1f} MB")


def _write(output: Path, html: str) -> None:
    """Write the whole file or none; what fails is told under the name that was asked for."""
    partial = output.with_name(output.name + ".part")
    try:
        partial.write_text(html, encoding="utf-8")
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise Invalid("briefing.not_written", f"{output} could not be written: {error.strerror}") from error


commands = (briefing,)
