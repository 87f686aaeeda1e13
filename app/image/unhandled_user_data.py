"""Prints cloud-init's warning for user data that is not run (UD-4), for instance-init. Reads the user data from standard input."""

import sys

UNSUPPORTED = {
    b"#cloud-config": "cloud-config",
    b"content-type: multipart/": "MIME multi-part",
    b"mime-version:": "MIME multi-part",
    b"#include": "include",
    b"#cloud-boothook": "cloud-boothook",
    b"\x1f\x8b": "gzip",
}


def warning(user_data: bytes) -> str:
    """cloud-init's message for user data that it does not know; the sandbox's own for formats that only cloud-init supports."""
    for start, kind in UNSUPPORTED.items():
        if user_data.lower().startswith(start):
            return f"The sandbox does not run {kind} user data; only scripts that begin with #!"
    first_line = user_data[:96].decode(errors="ignore").split("\n", 1)[0]
    return f"Unhandled non-multipart (text/x-not-multipart) userdata: '{first_line[:24].encode('unicode_escape')!r}...'"


if __name__ == "__main__":
    print(warning(sys.stdin.buffer.read()))
