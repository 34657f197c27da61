"""MIME multipart user data, as cloud-init reads it: EKS's part is added after the caller's."""

from __future__ import annotations

from email import message_from_string

from nodeyard.planner.user_data.join import NotMimeError

BOUNDARY = "//"


def merge(own: str, content_type: str, part: str) -> str:
    """Return one multipart document with the parts of `own` first and `part` last.

    Raises: NotMimeError when `own` is there and is not multipart.
    """
    parts = [*_parts(own), f"Content-Type: {content_type}\n\n{part.rstrip()}\n"]
    head = f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{BOUNDARY}"\n\n'
    return head + "".join(f"--{BOUNDARY}\n{each}\n" for each in parts) + f"--{BOUNDARY}--\n"


def _parts(own: str) -> list[str]:
    if not own.strip():
        return []
    document = message_from_string(own)
    if not document.is_multipart():
        raise NotMimeError("User data was not in the MIME multipart format.")
    return [
        f"Content-Type: {part.get('Content-Type', 'text/plain')}\n\n{str(part.get_payload()).rstrip()}\n"
        for part in document.walk()
        if not part.is_multipart()
    ]
