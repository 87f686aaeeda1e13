"""Container images of somebody else: one without a shell that runs as another user, and one whose entrypoint does what a test says. They
are built from files that this machine's images have, since there is no registry.
"""

import io
import subprocess
import tarfile

from sandbox.drivers.runtime.docker.own_images import FILES

PATIENCE = 120.0  # real seconds


def docker(*command: str, given: bytes | None = None) -> bytes:
    done = subprocess.run(["docker", *command], input=given, check=False, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def without_shell(tag: str, machine_image: str) -> str:
    """An image with one program, a web server that answers /health, as user 1000. → the tag."""
    busybox = docker("run", "--rm", "--network", "none", "--entrypoint", "cat", machine_image, f"{FILES}/busybox")
    recipe = 'FROM scratch\nCOPY httpd /httpd\nCOPY www /www\nUSER 1000:1000\nENTRYPOINT ["/httpd", "-f", "-h", "/www"]\nCMD ["-p", "80"]\n'
    return _build(tag, {"Dockerfile": recipe.encode(), "httpd": busybox, "www/health": b"ok\n"})


def with_command(tag: str, machine_image: str, command: str) -> str:
    """The machine image's files with another command, which a shell runs. → the tag."""
    escaped = command.replace("\\", "\\\\").replace('"', '\\"')
    return _build(tag, {"Dockerfile": f'FROM {machine_image}\nENTRYPOINT ["/bin/sh", "-c"]\nCMD ["{escaped}"]\n'.encode()})


def remove(*tags: str) -> None:
    subprocess.run(["docker", "image", "rm", "--force", *tags], check=False, capture_output=True, timeout=PATIENCE)


def _build(tag: str, files: dict[str, bytes]) -> str:
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    docker("build", "--quiet", "--network", "none", "--tag", tag, "-", given=context.getvalue())
    return tag
