"""What cloud-init says of user data that it does not run (UD-4), for instance-init. Reads the user data from standard input."""

import sys

NOT_YET = {
    b"#cloud-config": "cloud-config",
    b"content-type: multipart/": "MIME multi-part",
    b"mime-version:": "MIME multi-part",
    b"#include": "include",
    b"#cloud-boothook": "cloud-boothook",
    b"\x1f\x8b": "gzip",
}


def sentence(user_data: bytes) -> str:
    """cloud-init's words for what it does not know; the sandbox's own for what cloud-init would have run and the sandbox does not."""
    for start, kind in NOT_YET.items():
        if user_data.lower().startswith(start):
            return f"The sandbox does not run {kind} user data yet; only scripts that begin with #!"
    first_line = user_data[:96].decode(errors="ignore").split("\n", 1)[0]
    return f"Unhandled non-multipart (text/x-not-multipart) userdata: '{first_line[:24].encode('unicode_escape')!r}...'"


if __name__ == "__main__":
    print(sentence(sys.stdin.buffer.read()))
