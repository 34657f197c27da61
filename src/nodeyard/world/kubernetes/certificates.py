"""The certificate authority of embedded clusters and the server certificate it signs.

Called by `embedded`. The keys stay in the data directory, readable by their owner only.
"""

from __future__ import annotations

import hmac
import ipaddress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from nodeyard.world import files

_LIFE = timedelta(days=3650)
TOKEN = "internal.token"
_SERVER_LIFE = timedelta(days=820)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _loaded(directory: Path) -> tuple[bytes, x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Return the CA of a directory. Raises: WorldDataError."""
    path = directory / "ca.crt"
    try:
        pem = path.read_bytes()
        certificate = x509.load_pem_x509_certificate(pem)
        path = directory / "ca.key"
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("it is not an elliptic-curve key")
        if key.public_key() != certificate.public_key():
            raise ValueError("it is not the key of ca.crt beside it")
    except (ValueError, TypeError, OSError) as error:
        raise files.unusable(path, "The certificate authority", error) from error
    return pem, certificate, key


def check(directory: Path) -> None:
    """Look at the CA and the token of a directory without changing it. Raises: WorldDataError."""
    if _exists(directory):
        _loaded(directory)
    token = directory / TOKEN
    if token.exists() and not token.read_bytes().strip():
        raise files.unusable(token, "The token of the service", "the file is empty")


def _exists(directory: Path) -> bool:
    # The certificate is written last; without it nobody has seen the key.
    return (directory / "ca.crt").exists()


def _key_bytes(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


class Authority:
    """One CA in a directory: made once, used again after a restart."""

    def __init__(self, directory: Path, now: datetime) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._now = now
        ca_path, key_path = directory / "ca.crt", directory / "ca.key"
        if not _exists(directory):
            self._create(ca_path, key_path)
        self.pem, self._certificate, self._key = _loaded(directory)

    def _create(self, ca_path: Path, key_path: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        certificate = (
            self._builder("nodeyard embedded kubernetes", key, _LIFE)
            .issuer_name(_name("nodeyard embedded kubernetes"))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        files.write_whole(key_path, _key_bytes(key))
        files.write_whole(ca_path, certificate.public_bytes(serialization.Encoding.PEM))

    def _builder(
        self, common: str, key: ec.EllipticCurvePrivateKey, life: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(_name(common))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now - timedelta(days=1))
            .not_valid_after(self._now + life)
        )

    def token(self) -> str:
        """Return a token that only who has the authority's key can tell: ids may come from a seed."""
        return hmac.digest(_key_bytes(self._key), TOKEN.encode(), "sha256").hex()

    def server(self, host: str) -> tuple[Path, Path]:
        """Return the paths of a server certificate, for a host and loopback, and of its key."""
        names: list[x509.GeneralName] = []
        for item in dict.fromkeys((host, "localhost", "127.0.0.1", "::1")):
            try:
                names.append(x509.IPAddress(ipaddress.ip_address(item)))
            except ValueError:
                names.append(x509.DNSName(item))
        key = ec.generate_private_key(ec.SECP256R1())
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            self._builder("kube-apiserver", key, _SERVER_LIFE)
            .issuer_name(self._certificate.subject)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(authority, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        paths = self._directory / "server.crt", self._directory / "server.key"
        files.write_whole(paths[1], _key_bytes(key))
        files.write_whole(paths[0], certificate.public_bytes(serialization.Encoding.PEM) + self.pem)
        return paths
