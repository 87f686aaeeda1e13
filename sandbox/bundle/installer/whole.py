"""Is the file whole? The text of this module is also in the header of every bundle, which runs it before anything else is read: an archive
that was cut short cannot be opened. Every Python since 3.6 can run it.
"""

import hashlib
import os
import re

LONGEST_HEADER = 65536  # bytes


def problem(path: str) -> str:
    """What is wrong with the file, in one sentence; "" when it is as it was made."""
    try:
        with open(path, "rb") as file:
            head = file.read(LONGEST_HEADER)
            stated = re.search(rb"^# payload: bytes (\d+) to (\d+), SHA-256 ([0-9a-f]{64})$", head, re.MULTILINE)
            if stated is None:
                return f"{path} is not a bundle of the sandbox."
            start, end, size = int(stated.group(1)), int(stated.group(2)), os.path.getsize(path)
            if size != end:
                return f"{path} has {size} bytes instead of {end}: it was not copied completely."
            file.seek(start)
            found = hashlib.sha256(head[:start].replace(stated.group(3), b"0" * 64))  # the checksum is part of the header
            for block in iter(lambda: file.read(1 << 20), b""):
                found.update(block)
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}."
    if found.hexdigest() != stated.group(3).decode():
        return f"{path} was changed since it was made: its checksum does not match."
    return ""
