"""The `nodeyard` program: its commands, and one clear sentence for every refusal.

Called as a console script and by `python -m nodeyard.cli`.
"""

from __future__ import annotations

import sys
from typing import cast

import typer

from nodeyard import __version__
from nodeyard.cli.up import up
from nodeyard.settings import StartRefused

EXIT_REFUSED = 2

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


app.command(name="up")(up)


def main(arguments: list[str] | None = None) -> None:
    """Run the program and leave with its exit code."""
    sys.exit(run(arguments))


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
    except StartRefused as refused:
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
