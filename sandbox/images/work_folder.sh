# Sets `build`: where the scripts beside this file keep wheels, the bundle and the names of the images. As work_folder() in __init__.py.
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
if [ -e "$project/pyproject.toml" ]; then build=$project/build; else build=${XDG_CACHE_HOME:-$HOME/.cache}/fault-tolerance-sandbox; fi
mkdir -p "$build"
