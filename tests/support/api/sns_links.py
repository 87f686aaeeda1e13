"""Links in SNS messages, followed as a browser does."""

from urllib.parse import urlsplit

from tests.support.aws import request
from tests.support.services.sns_stage import Sns

ARN = "arn:aws:sns:us-east-1:123456789012:alerts"


def follow(sns: Sns, url: str) -> tuple[int, bytes]:
    """Opens a link as a browser does: without a signature."""
    parts = urlsplit(url)
    status, _, body = request(sns.gateway, "GET", f"{parts.path}?{parts.query}", b"")
    return status, body
