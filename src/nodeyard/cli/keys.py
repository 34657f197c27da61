"""`nodeyard keys`: the access keys of callers, and what each may do."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from nodeyard.access.policy import MalformedPolicy, parse
from nodeyard.cli.flags import flag
from nodeyard.settings import StartRefused, database_of

if TYPE_CHECKING:
    from nodeyard.ports.access import AccessKey

T = TypeVar("T")
Url = Annotated[str, flag("--database-url", "postgresql://USER@HOST:PORT/NAME or sqlite:///FILE.")]
SecretKeyFile = Annotated[
    Path, flag("--secret-key-file", "The file with the key that secrets are sealed with.")
]
Id = Annotated[str, typer.Argument(metavar="ID", help="The access key id.")]
Policies = Annotated[
    list[Path] | None,
    flag(
        "--policy",
        "An IAM policy in JSON; repeat for more. None: the key may do nothing.",
        show_default=False,
    ),
]
_USER = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
LASTS_S = (60, 43_200)
"""Bounds of a temporary key. Ours at the lower end; the upper one is that of STS."""

app = typer.Typer(help="Access keys: who may call the service, and what each may do.", no_args_is_help=True)


@app.command()
def add(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose key it is: a part of the caller's ARN.")],
    database_url: Url,
    secret_key_file: SecretKeyFile,
    account_id: Annotated[str, flag("--account-id", "The AWS account of the node groups, 12 digits.")],
    policy: Policies = None,
    lasts: Annotated[
        int | None,
        flag("--lasts", "Seconds that a temporary key with a session token lasts.", show_default=False),
    ] = None,
) -> None:
    """Make an access key and print its secret, which is shown this once only."""
    from nodeyard.app import access

    if not _USER.fullmatch(user):
        raise StartRefused(f"{user!r} is no user name: use up to 64 letters, digits and _+=,.@-.")
    if not re.fullmatch(r"[0-9]{12}", account_id):
        raise StartRefused(f"--account-id {account_id!r} is not an account: it must be 12 digits.")
    if lasts is not None and not LASTS_S[0] <= lasts <= LASTS_S[1]:
        raise StartRefused(f"--lasts {lasts} is out of range: choose {LASTS_S[0]} to {LASTS_S[1]} seconds.")
    texts = _read(policy or [])
    place, seal = database_of(database_url), access.seal_of(secret_key_file)
    made = _run(access.add(place, seal, account_id, user, policies=texts, lasts_s=lasts))
    typer.echo(f"AWS_ACCESS_KEY_ID={made.key.id}")
    typer.echo(f"AWS_SECRET_ACCESS_KEY={made.secret}")
    if made.token is not None:
        typer.echo(f"AWS_SESSION_TOKEN={made.token}")
    if not texts:
        typer.echo(
            f"nodeyard: {made.key.arn} may do nothing yet: nodeyard keys allow {made.key.id} --policy FILE.",
            err=True,
        )


@app.command(name="list")
def list_(
    database_url: Url,
    as_json: Annotated[bool, flag("--json", "Print JSON, with the whole policies.")] = False,
) -> None:
    """List the keys: whose they are, whether they work, and the names of their policies. No secrets."""
    from nodeyard.app import access

    found = _run(access.listed(database_of(database_url)))
    if as_json:
        typer.echo(json.dumps([_shape(key) for key in found], indent=2))
        return
    if not found:
        typer.echo("There are no access keys. Make one: nodeyard keys add USER --policy FILE ...")
    for key in found:
        state = "active" if key.active else "disabled"
        until = "" if key.expires_at is None else f", until {key.expires_at:%Y-%m-%d %H:%M:%SZ}"
        policies = ", ".join(key.policies) or "no policy"
        typer.echo(f"{key.id}  {key.arn}  {state}{until}  {policies}")


@app.command()
def allow(id: Id, database_url: Url, policy: Policies = None) -> None:
    """Give a key these policies instead of those that it has."""
    from nodeyard.app import access

    changed = _run(access.change(database_of(database_url), id, policies=_read(policy or [])))
    typer.echo(
        f"{changed.arn} ({id}) has now: {', '.join(changed.policies) or 'no policy, and may do nothing'}."
    )


@app.command()
def disable(id: Id, database_url: Url) -> None:
    """Let a key do nothing, from the next request on."""
    _switch(id, database_url, active=False)


@app.command()
def enable(id: Id, database_url: Url) -> None:
    """Let a disabled key work again."""
    _switch(id, database_url, active=True)


@app.command()
def remove(id: Id, database_url: Url) -> None:
    """Remove a key; what it did stays in the audit log."""
    from nodeyard.app import access

    _run(access.remove(database_of(database_url), id))
    typer.echo(f"Access key {id} is removed.")


@app.command()
def reseal(database_url: Url, secret_key_file: SecretKeyFile) -> None:
    """Seal every secret with the first line of the key file, so that the other lines can go."""
    from nodeyard.app import access

    keys, clusters = _run(access.seal_again(database_of(database_url), access.seal_of(secret_key_file)))
    typer.echo(
        f"{keys} access keys and the credentials of {clusters} clusters are sealed with the first key of "
        f"{secret_key_file}."
    )


def _switch(id: str, database_url: str, *, active: bool) -> None:
    from nodeyard.app import access

    changed = _run(access.change(database_of(database_url), id, active=active))
    typer.echo(f"{changed.arn} ({id}) is {'active' if active else 'disabled'}.")


def _read(files: list[Path]) -> dict[str, str]:
    """Return file name without its ending -> policy. Raises: StartRefused."""
    made: dict[str, str] = {}
    for file in files:
        try:
            text = file.read_text()
            parse(text)
        except (OSError, UnicodeDecodeError) as error:
            raise StartRefused(f"The policy {file} cannot be read: {error}.") from error
        except MalformedPolicy as error:
            raise StartRefused(f"{file}: {error}") from error
        if file.stem in made:
            raise StartRefused(f"Two policies are called {file.stem}: name the files differently.")
        made[file.stem] = text
    return made


def _shape(key: AccessKey) -> dict[str, Any]:
    return {
        "accessKeyId": key.id,
        "arn": key.arn,
        "active": key.active,
        "createdAt": key.created_at.isoformat(),
        "expiresAt": None if key.expires_at is None else key.expires_at.isoformat(),
        "policies": {name: json.loads(text) for name, text in key.policies.items()},
    }


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(work)
