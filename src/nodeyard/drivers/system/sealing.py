"""Secrets at rest: sealed with a key that the user keeps in a file of their own.

`app` makes one `Seal` from `--secret-key-file` and hands it to whoever stores a secret: the access
keys of callers, the credentials of attached clusters. What is sealed is bound to what it is for
(`about`), so that a sealed secret moved to another record does not open there. Nothing here is ever
logged. Source: NIST SP 800-38D (AES-GCM), RFC 5869 (HKDF).
"""

from __future__ import annotations

import base64
import hashlib
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = "v1"
NONCE_BYTES = 12
KEY_CHARACTERS_MIN = 32
"""Ours: what `openssl rand -base64 32` writes has 44. A pass phrase that people can remember is no key."""


class SealError(Exception):
    """A key or a sealed secret that cannot be used. `message` is a sentence that names no secret."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Seal:
    """Seals with the first key and opens with any of them, so that keys can be changed one by one."""

    def __init__(self, keys: list[str]) -> None:
        if not keys:
            raise SealError("There is no key to keep secrets with.")
        for place, key in enumerate(keys, start=1):
            if len(key) < KEY_CHARACTERS_MIN:
                raise SealError(
                    f"Key number {place} has {len(key)} characters, which can be guessed: use one of "
                    f"at least {KEY_CHARACTERS_MIN}, as `openssl rand -base64 32` writes it."
                )
        derived = [_derived(key) for key in keys]
        self._ciphers = {_name(key): AESGCM(key) for key in derived}
        self._first = _name(derived[0])

    @classmethod
    def of_file(cls, path: Path) -> Seal:
        """Read the keys of a file, one a line, the one to seal with first. Raises: SealError."""
        try:
            lines = path.read_text().split("\n")
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "it is not text"
            raise SealError(
                f"The key file {path} cannot be read: {why}. Make one with "
                f"`openssl rand -base64 32 > {path}` and keep a copy: without it no secret opens again."
            ) from error
        return cls([line.strip() for line in lines if line.strip()])

    def seal(self, secret: bytes, about: str) -> str:
        """Return a secret as text that only `unseal` with the same key and `about` opens."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._ciphers[self._first].encrypt(nonce, secret, about.encode())
        return f"{VERSION}.{self._first}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def unseal(self, sealed: str, about: str) -> bytes:
        """Return the secret. Raises: SealError when the key is another one or anything was changed."""
        version, _, rest = sealed.partition(".")
        name, _, text = rest.partition(".")
        cipher = self._ciphers.get(name)
        if version != VERSION or cipher is None:
            raise SealError(
                f"{about} was sealed with a key that is not in the key file: add that key as a further line."
            )
        try:
            raw = base64.urlsafe_b64decode(text)
            return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise SealError(f"{about} was changed after it was sealed: store it again.") from error


def drawn(count: int) -> bytes:
    """Return bytes that nobody can guess: for ids, secrets and tokens."""
    return os.urandom(count)


def _derived(key: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"nodeyard seal v1").derive(key.encode())


def _name(derived: bytes) -> str:
    """Return what a key is known by in what it sealed; it tells nothing about the key."""
    return hashlib.sha256(b"name" + derived).hexdigest()[:8]
