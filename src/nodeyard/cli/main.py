"""The `nodeyard` program: its commands, and one clear sentence for every refusal.

Called as a console script and by `python -m nodeyard.cli`.
"""

from __future__ import annotations

import sys

import click
import typer

from nodeyard import __version__
from nodeyard.cli.up import up
from nodeyard.settings import StartRefused

EXIT_REFUSED = 2

app = typer.Typer(
    name="nodeyard",
    help="Managed node groups for any Kubernetes cluster, behind the Amazon EKS API.",
    no_args_is_help=True,
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
    try:
        outcome = app(args=arguments, standalone_mode=False, prog_name="nodeyard")
    except click.exceptions.NoArgsIsHelpError as shown:
        click.echo(shown.format_message())
        return EXIT_REFUSED
    except click.UsageError as refused:
        where = refused.ctx.command_path if refused.ctx is not None else "nodeyard"
        _say(f"{_sentence(refused.format_message())} See `{where} --help`.")
        return EXIT_REFUSED
    except click.ClickException as refused:
        _say(_sentence(refused.format_message()))
        return EXIT_REFUSED
    except StartRefused as refused:
        _say(refused.message)
        return EXIT_REFUSED
    except (click.Abort, KeyboardInterrupt):
        return 130
    return outcome if isinstance(outcome, int) else 0


def _say(sentence: str) -> None:
    click.echo(f"nodeyard: {sentence}", err=True)


def _sentence(text: str) -> str:
    """Return the toolkit's message on one line, ending as a sentence does."""
    line = " ".join(text.split())
    return line if line.endswith((".", "?", "!")) else line + "."
