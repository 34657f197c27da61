"""Write the reference pages that are made from the code: `make docs`.

Each page is a function without input, so that a test can compare it with the file. The command
line comes from its toolkit, the operations from the service model and the table of handlers,
the diagrams from the status tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import Any, cast

import typer.main

from docs import extension_pages
from docs.tables import one_line as _one_line
from docs.tables import paragraphs as _paragraphs
from docs.tables import table as _table
from nodeyard.api import absent, handlers, service_model
from nodeyard.cli.main import app
from nodeyard.model import status
from nodeyard.model.limits import Quotas

HERE = Path(__file__).parent / "reference"
KINDS = {int: "NUMBER", float: "NUMBER", Path: "PATH"}
NOTE = "<!-- Made from the code by `make docs`; changes by hand are lost. -->\n"


def pages() -> dict[str, str]:
    """Return file name -> text of every page that is made."""
    made: dict[str, Callable[[], str]] = {
        "command-line.md": command_line,
        "environment.md": environment,
        "events.md": extension_pages.event_kinds,
        "extension.md": extension_pages.operations,
        "operations.md": operations,
        "quotas.md": quotas,
        "statuses.md": statuses,
    }
    return {name: NOTE + make() for name, make in made.items()}


def stale() -> list[str]:
    """Return the pages whose file is not what the code says."""
    return [
        name
        for name, text in pages().items()
        if not (HERE / name).exists() or (HERE / name).read_text(encoding="utf-8") != text
    ]


# --- the command line ---


def command_line() -> str:
    root = typer.main.get_command(app)
    parts = ["# Command line", "", str(root.help), ""]
    for name, command in sorted(_commands().items()):
        parts += [f"## nodeyard {name}{_arguments(command)}", "", _paragraphs(command.help or ""), ""]
        rows = [
            (f"`{_spelled(each)}`", _one_line(each.help or ""), _default(each)) for each in _options(command)
        ]
        if rows:
            parts += [_table(("flag", "what it does", "default"), rows), ""]
    parts += [
        "Every flag can be given as a variable instead: [environment variables](environment.md).",
        "",
        "## Exit codes",
        "",
        _table(
            ("code", "meaning"),
            [
                (
                    "0",
                    "done; for `up`: stopped as asked, by Ctrl-C or SIGTERM; for `updates watch`: Successful",
                ),
                (
                    "1",
                    "`up`: a part of the service ended by itself, the log says which and why; "
                    "`updates watch`: the update Failed",
                ),
                ("2", "refused: one sentence on standard error says what, why and what to do"),
                ("3", "`updates watch`: the update was Cancelled"),
                ("130", "interrupted"),
            ],
        ),
    ]
    return "\n".join(parts) + "\n"


def environment() -> str:
    rows = [
        (f"`{variable}`", f"`nodeyard {name} {each.opts[0]}`", _one_line(each.help or ""))
        for name, command in sorted(_commands().items())
        for each in _options(command)
        for variable in _variables(each)
    ]
    intro = "A flag on the command line wins over its variable. Empty variables count as not set."
    return (
        "\n".join(
            ["# Environment variables", "", intro, "", _table(("variable", "same as", "what it does"), rows)]
        )
        + "\n"
    )


def _commands() -> Mapping[str, Any]:
    """Return every command by what is typed for it, those of groups of commands included."""
    return _within(cast(Any, typer.main.get_command(app)), "")


def _within(group: Any, before: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, command in group.commands.items():
        typed = f"{before}{name}"
        if not hasattr(command, "commands") or command.invoke_without_command:
            found[typed] = command
        if hasattr(command, "commands"):
            found |= _within(command, f"{typed} ")
    return found


def _arguments(command: Any) -> str:
    named = [
        each.metavar or each.name.upper() for each in command.params if each.param_type_name == "argument"
    ]
    return "".join(f" {name}" for name in named)


def _options(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "option" and each.name != "help"]


def _variables(option: Any) -> list[str]:
    given = option.envvar
    return [given] if isinstance(given, str) else list(given or ())


def _spelled(option: Any) -> str:
    flags = "/".join([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return flags
    kind = option.type_descriptor.annotation
    if isinstance(kind, type) and issubclass(kind, Enum):
        return f"{flags} {_one_line('|'.join(str(each.value) for each in kind))}"
    return f"{flags} {option.metavar or KINDS.get(kind, 'TEXT')}"


def _default(option: Any) -> str:
    if option.default is None or option.default in ([], ()) or option.multiple:
        return ""
    if option.is_flag and option.secondary_opts:
        return f"`{(option.opts if option.default else option.secondary_opts)[0]}`"
    return f"`{getattr(option.default, 'value', option.default)}`"


# --- the operations ---


def operations() -> str:
    model = service_model.eks()
    served = set(handlers.Eks(cast(Any, None)).handlers())
    rows = []
    for name, operation in sorted(model.operations.items()):
        state = "works" if name in served else "answers that it is not implemented"
        if name in absent.LISTS:
            state = "answers an empty list, which is true"
        if name in absent.NAMED:
            state = "answers that what is named does not exist, which is true"
        rows.append((name, f"`{operation.method} {operation.uri}`", state))
    count = len((served & model.operations.keys()) - absent.LISTS.keys() - absent.NAMED.keys())
    none = len(absent.LISTS) + len(absent.NAMED)
    intro = (
        f"The EKS service model has {len(rows)} operations; {count} of them work. {none} are about things "
        "that Nodeyard never has, and say so truthfully. The others are routed and answer an error of the "
        "model that names the operation, never an HTML page or a 500."
    )
    return "\n".join(["# Operations", "", intro, "", _table(("operation", "request", "state"), rows)]) + "\n"


def quotas() -> str:
    rows = [(f"`{name.replace('_', '-')}`", str(value)) for name, value in _fields(Quotas())]
    intro = (
        "The limits that AWS lets accounts raise, with the defaults of EKS. Change one with `--quota "
        "NAME=NUMBER`; see [how to raise a quota](../how-to/quotas.md)."
    )
    return "\n".join(["# Quotas", "", intro, "", _table(("quota", "default"), rows)]) + "\n"


def _fields(value: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(value, name)) for name in value.__dataclass_fields__]


# --- the status machines ---


def statuses() -> str:
    machines = (
        ("Node group", status.NODEGROUP_ARROWS, "CREATING", {"DELETING"}),
        ("Cluster", status.CLUSTER_ARROWS, "CREATING", {"DELETING"}),
        ("Update", status.UPDATE_ARROWS, "InProgress", set()),
    )
    parts = [
        "# Statuses",
        "",
        "Drawn from the tables in `src/nodeyard/model/status.py`; any other change of status is a bug and is "
        "refused. What is gone has no status: describing it answers ResourceNotFoundException.",
        "",
    ]
    for title, arrows, first, leaving in machines:
        parts += [f"## {title}", "", diagram(arrows, first, leaving), ""]
    return "\n".join(parts).rstrip() + "\n"


def diagram(arrows: Mapping[Any, Any], first: str, leaving: set[str]) -> str:
    """Return a status table as a mermaid diagram. `leaving`: from these a thing may be gone."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {first}"]
    for before, after in arrows.items():
        lines += [f"    {before} --> {each}" for each in sorted(after)]
        if before in leaving:
            lines.append(f"    {before} --> [*]")
    return "\n".join([*lines, "```"])


# --- text ---


def main() -> None:
    HERE.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
