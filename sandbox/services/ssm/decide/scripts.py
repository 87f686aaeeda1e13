"""How the script of a step is run: by `sh`, or by the program that its first line names, as SSM Agent does. Pure."""

FROM_A_FILE = """file=$(mktemp) && printf '%s\\n' "$1" > "$file" && chmod 700 "$file" || exit 1
"$file"; status=$?
rm -f "$file"
exit "$status\""""


def argv(script: str) -> tuple[str, ...]:
    return ("sh", "-c", FROM_A_FILE, "sh", script) if script.startswith("#!") else ("sh", "-c", script)
