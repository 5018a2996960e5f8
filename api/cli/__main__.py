"""``python -m api.cli`` is ``onegrid``."""

from api.cli import main

main(prog_name="onegrid")
