"""`sandbox bundle FILE`: the sandbox as one file for machines without a network."""

from pathlib import Path

import click

from sandbox.bundle.making import Options, make


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-images", is_flag=True, help="Leave the container images out: for machines without Docker.")
@click.option("--wheel", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The sandbox's wheel; default: built here.")
def bundle(file: Path, without_images: bool, wheel: Path | None) -> None:
    """Write the sandbox to FILE, for machines without a network.

    FILE has the sandbox, the packages that it needs for this Python and architecture, and the base image of its containers. There:
    sh FILE install. docs/offline.md describes it.
    """
    made = make(file, Options(images=not without_images, wheel=wheel), click.echo)
    images = f"images for {made.images.architecture}" if made.images else "no images"
    click.echo(f"{file}: {file.stat().st_size / 1e6:.0f} MB, Python {made.python} on {made.system} {made.machine}, {images}.")
    click.echo(f"  next, on a machine without a network: sh {file.name} install")
