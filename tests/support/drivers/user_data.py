"""User data of several parts, as people make it with `cloud-init devel make-mime`."""

from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText


def archive(*given: tuple[str, str]) -> bytes:
    """A MIME archive of (content, subtype of text)."""
    made = MIMEMultipart()
    for content, subtype in given:
        made.attach(MIMEText(content, subtype))
    return made.as_bytes()
