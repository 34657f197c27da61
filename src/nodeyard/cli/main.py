"""The `nodeyard` program: its commands, and one clear sentence for every refusal.

Called as a console script and by `python -m nodeyard.cli`.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
from typing import cast

import typer

from nodeyard import __version__
from nodeyard.cli import catalog, cluster, faults, groups, keys, operations, rehearse, updates
from nodeyard.cli.audit import audit
from nodeyard.cli.backup import backup, restore
from nodeyard.cli.events import events
from nodeyard.cli.refusing import EXIT_REFUSED, CallRefused
from nodeyard.cli.serve import serve
from nodeyard.cli.snapshot import snapshot
from nodeyard.cli.up import up
from nodeyard.settings import StartRefused

# The toolkit carries a click of its own; its errors are named through the one that it makes public.
_UsageError = cast("type[typer.BadParameter]", typer.BadParameter.__base__)
_AnyError = cast("type[typer.BadParameter]", _UsageError.__base__)

app = typer.Typer(
    name="nodeyard",
    help="Managed node groups for any Kubernetes cluster, behind the Amazon EKS API.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _nodeyard() -> None:
    """Managed node groups for any Kubernetes cluster, behind the Amazon EKS API."""


@app.command()
def version() -> None:
    """Print the version of this program."""
    typer.echo(f"nodeyard {__version__}")


@app.command(name="service-model")
def service_model() -> None:
    """Print our own service model, for `aws configure add-model`: it adds `aws nodeyard ...`."""
    from nodeyard.api.service_model import extension_document

    typer.echo(extension_document())


app.command(name="up")(up)
app.command(name="serve")(serve)
app.command(name="backup")(backup)
app.command(name="restore")(restore)
app.add_typer(rehearse.app, name="rehearse")
app.command(name="events")(events)
app.command(name="audit")(audit)
app.add_typer(keys.app, name="keys")
app.add_typer(cluster.app, name="cluster")
app.add_typer(groups.app, name="groups")
app.add_typer(updates.app, name="updates")
app.add_typer(faults.app, name="faults")
app.add_typer(catalog.app, name="catalog")
app.add_typer(operations.app, name="operations")
app.command(name="snapshot")(snapshot)


def main(arguments: list[str] | None = None) -> None:
    """Run the program and leave with its exit code, once all that wants to end in order has ended."""
    code = 1  # of an error that nobody caught

    def leave() -> None:
        # To take down what a service has loaded, object by object, takes seconds and is of no use.
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    atexit.register(leave)  # before anything else, so that it comes last
    code = run(arguments)
    sys.exit(code)


def run(arguments: list[str] | None = None) -> int:
    """Run one command line and return its exit code; every refusal is one sentence on stderr."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        outcome = app(args=given or ["--help"], standalone_mode=False, prog_name="nodeyard")
    except _UsageError as refused:
        where = refused.ctx.command_path if refused.ctx is not None else "nodeyard"
        _say(f"{_sentence(refused.format_message())} See `{where} --help`.")
        return EXIT_REFUSED
    except _AnyError as refused:
        _say(_sentence(refused.format_message()))
        return EXIT_REFUSED
    except (StartRefused, CallRefused) as refused:
        _say(refused.message)
        return EXIT_REFUSED
    except (typer.Abort, KeyboardInterrupt):
        return 130
    if not given:
        return EXIT_REFUSED
    return outcome if isinstance(outcome, int) else 0


def _say(sentence: str) -> None:
    typer.echo(f"nodeyard: {sentence}", err=True)


def _sentence(text: str) -> str:
    """Return the toolkit's message on one line, ending as a sentence does."""
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else line + "."
