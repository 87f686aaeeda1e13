"""The script that lets a key in: it starts the machine's SSH server, if none runs, and stores the key. Pure.

It runs as root in the machine. Exit codes other than 0 are the keys of PROBLEMS.
"""

from sandbox.services.instance_connect.model import Login

PROBLEMS = {
    65: "the image has no SSH server (package openssh-server)",
    66: "the image has no such user",
    67: "the SSH server did not start",
}

SCRIPT = """
set -u
user=$1 key=$2 seconds=$3
folder=/var/lib/instance-connect
[ -x /usr/sbin/sshd ] || exit 65
if ! id "$user" >/dev/null 2>&1; then
    id ubuntu >/dev/null 2>&1 || exit 66
    useradd -o -u "$(id -u ubuntu)" -g "$(id -g ubuntu)" -M -d "$(getent passwd ubuntu | cut -d: -f6)" -s /bin/bash "$user" || exit 66
fi
home=$(getent passwd "$user" | cut -d: -f6) uid=$(id -u "$user") gid=$(id -g "$user")
mkdir -p "$folder" "$home/.ssh" && chmod 755 "$folder" && chmod 700 "$home/.ssh"
if [ -n "$seconds" ]; then
    until=$(date -u -d "+$seconds seconds" +%Y%m%d%H%M%SZ)
    { tail -n 19 "$folder/keys" 2>/dev/null; printf 'expiry-time="%s" %s\\n' "$until" "$key"; } > "$folder/keys.new"
    mv "$folder/keys.new" "$folder/keys"
elif ! grep -qxF "$key" "$home/.ssh/authorized_keys" 2>/dev/null; then
    printf '%s\\n' "$key" >> "$home/.ssh/authorized_keys" && chmod 600 "$home/.ssh/authorized_keys"
fi
[ -e "$folder/host_key" ] || ssh-keygen -q -t ed25519 -N '' -f "$folder/host_key"
cat > "$folder/sshd_config" <<END
Port 22
HostKey $folder/host_key
PidFile $folder/run/sshd.pid
AuthorizedKeysFile .ssh/authorized_keys $folder/keys
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin no
PrintMotd no
AcceptEnv LANG LC_*
Subsystem sftp internal-sftp
END
mkdir -p "$folder/run" && chown -R "$uid:$gid" "$home/.ssh" "$folder/run" "$folder/host_key"
pid=$(cat "$folder/run/sshd.pid" 2>/dev/null) && grep -qx sshd "/proc/$pid/comm" 2>/dev/null && exit 0  # not this script, after a reboot
rm -f "$folder/run/sshd.pid"
setpriv --reuid="$uid" --regid="$gid" --init-groups /usr/sbin/sshd -f "$folder/sshd_config" -E "$folder/run/sshd.log" || exit 67
for _ in $(seq 100); do
    [ -s "$folder/run/sshd.pid" ] && exit 0  # written once it listens
    sleep 0.1
done
exit 67
"""


def argv(login: Login) -> tuple[str, ...]:
    return ("sh", "-c", SCRIPT, "sh", login.user, login.public_key, "" if login.seconds is None else str(login.seconds))
