"""`make conformance`: moto's own test suites of our services against the sandbox in instant timing, beside stock moto_server.

The suites come from moto's source distribution, of the version that is installed here, and run as shipped. The table of results is printed;
docs/conformance.md has one line for each test that fails against the sandbox, with the reason. The exit code is 1 if a failure has no
reason: then either the sandbox is wrong, or reasons/ lacks a line.
"""

import sys
from pathlib import Path

import click

from tools.conformance import document, reasons, servers, suites
from tools.conformance.suites import Result

FOLDER = Path("build/conformance")
SUITES = ("autoscaling", "elbv2", "cloudwatch", "sns", "sqs", "ec2")


@click.command()
@click.option("--suite", "chosen", multiple=True, type=click.Choice(SUITES), help="Only these suites.")
@click.option("--stock/--no-stock", default=True, help="Whether to run stock moto_server too; otherwise its last results are used.")
@click.option("--last", is_flag=True, help="Run nothing: write docs/conformance.md from the last results.")
def main(chosen: tuple[str, ...], stock: bool, last: bool) -> None:
    """Run moto's own test suites against the sandbox and write docs/conformance.md from all results."""
    tests = suites.prepare(FOLDER)
    for name in () if last else chosen or SUITES:
        print(f"conformance: {name}", file=sys.stderr, flush=True)
        with servers.sandbox(FOLDER) as url:
            suites.run(tests, name, "sandbox", url)
        if stock:
            with servers.stock() as url:
                suites.run(tests, name, "stock", url)
    results = {name: (ours, suites.last(tests, name, "stock")) for name in SUITES if (ours := suites.last(tests, name, "sandbox"))}
    print(document.table(results))
    document.write(results)
    unexplained = [test for ours, _ in results.values() for test in ours.failures if reasons.reason(test) is None]
    for test in unexplained:
        print(f"no reason for: {test.name}: {test.message.splitlines()[0] if test.message else ''}")
    sys.exit(bool(unexplained) or any(_did_not_run(ours) for ours, _ in results.values()))


def _did_not_run(result: Result) -> bool:
    return result.passed == 0


if __name__ == "__main__":
    main()
