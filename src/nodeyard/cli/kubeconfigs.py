"""Kubeconfig files as the commands that take one read them: one context, with the files that it names."""

from __future__ import annotations

from pathlib import Path

from nodeyard.settings import StartRefused


def complete(file: Path, context: str | None) -> str:
    """Return the chosen context alone, with the files that it names read into it. Raises: StartRefused."""
    from nodeyard.translation import kubeconfig

    try:
        text = file.read_text(encoding="utf-8")
        return kubeconfig.minimal(text, context, lambda path: (file.parent / path).read_bytes())
    except OSError as error:
        raise StartRefused(f"The kubeconfig {file} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise StartRefused(f"The kubeconfig {file} cannot be read: it is not text.") from error
    except kubeconfig.KubeconfigRefused as refused:
        raise StartRefused(f"{file}: {refused}.") from refused
