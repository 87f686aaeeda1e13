"""Who may see the page, beyond what the gateway refuses already (aws/http/guard.py): nobody but itself, and no instance.

Pages of this machine on other ports (the application under test is one) may read AWS's API as any program, but not this page, nor frame it.
"""

from collections.abc import Callable

from flask import Request, Response

from sandbox.dashboard import styles

OWN_FETCHES = ("same-origin", "none")  # Sec-Fetch-Site: "none" is a person who typed the address
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {styles.SOURCE}; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def refusal(request: Request, in_a_vpc: Callable[[str], bool]) -> str | None:
    """Why the request gets nothing; None: it is answered."""
    address = request.remote_addr or "127.0.0.1"
    if in_a_vpc(address):
        return "Instances have no access to the sandbox's page."
    if request.headers.get("Sec-Fetch-Site", "none") not in OWN_FETCHES:
        return "The sandbox's page is not given to pages of other addresses. Open it by its own address."
    origin = request.headers.get("Origin")
    if origin is not None and origin.lower() != f"{request.scheme}://{request.host}".lower():
        return f"The sandbox's page is not given to pages of {origin}."
    return None


def protected(response: Response) -> Response:
    """With the headers by which a browser keeps other pages away. A view may have set its own."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
