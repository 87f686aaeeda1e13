"""Whether a script of user data needs what the process runtime does not give it: root, the machine's own folders, or an address that is not
its own. Pure. It looks at the text, so it can miss something: then the script's own command fails.
"""

import re
from collections.abc import Iterator


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ROOT_COMMANDS = _words(
    "adduser apt apt-get chown dnf dpkg groupadd hostnamectl ifconfig insmod iptables modprobe mount nft passwd poweroff reboot rpm"
    " service shutdown snap su sudo swapon sysctl systemctl umount useradd usermod yum zypper"
)
WRITERS = _words("mkdir rm rmdir tee touch truncate")
COPIERS = _words("cp install ln mv")
"""They write the last of their arguments."""
BEFORE_A_COMMAND = _words("command do else env exec if nohup then time while !")
OUTSIDE = re.compile(r"/(?!dev/(null|stdout|stderr)$|tmp(/|$))\S*")
REDIRECTION = re.compile(r"&?\d*>{1,2}&?\s*(/[^\s;|&)]*)")
ALL_ADDRESSES = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.])|\[::\]")
SEPARATORS = re.compile(r"&&|\|\||[;|&({]|\$\(|`")
HERE_DOCUMENT = re.compile(r"<<-?\s*[\"']?(\w+)")


def reason(script: str) -> str | None:
    """One clause, such as "line 4: `apt-get` needs root"; None when nothing was found."""
    for number, line in lines(script):
        if ALL_ADDRESSES.search(line):
            return f"line {number}: it listens on all addresses of this machine; $HOST and $PORT are its own"
        if (target := REDIRECTION.search(line)) and OUTSIDE.fullmatch(target.group(1)):
            return f"line {number}: {target.group(1)} is outside the instance's folder"
        for words in commands(line):
            if words[0] in ROOT_COMMANDS:
                return f"line {number}: `{words[0]}` needs root"
            written = words[-1:] if words[0] in COPIERS else words[1:] if words[0] in WRITERS else ()
            if outside := [word for word in written if OUTSIDE.fullmatch(word)]:
                return f"line {number}: {outside[0]} is outside the instance's folder"
    return None


def lines(script: str) -> Iterator[tuple[int, str]]:
    """Numbered, without comments and here-documents."""
    end = None
    for number, line in enumerate(script.splitlines(), 1):
        if end is not None:
            end = None if line.strip() == end else end
            continue
        if not line.lstrip().startswith("#"):
            yield number, line
        if found := HERE_DOCUMENT.search(line):
            end = found.group(1)


def commands(line: str) -> Iterator[list[str]]:
    """The words of each simple command, without what stands before it."""
    for piece in SEPARATORS.split(line):
        words = piece.replace('"', " ").replace("'", " ").split()
        while words and (words[0] in BEFORE_A_COMMAND or re.match(r"\w+=", words[0])):
            words = words[1:]
        if words:
            yield [words[0].rpartition("/")[2], *words[1:]]
