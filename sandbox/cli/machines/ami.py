"""`sandbox ami`: AMIs of one's own, from a container image or a command. It calls RegisterImage, DescribeImages and DeregisterImage; what
ImageLocation means is told in docs/own-images.md.
"""

import shlex
import subprocess
from pathlib import Path
from typing import Any

import click

from sandbox.cli.common import as_json, client, date_time, json_option, table
from sandbox.cli.help import HelpGroup
from sandbox.client import Client
from sandbox.core.errors import UserError

PORT_TAG = "sandbox:port"


@click.group(cls=HelpGroup)
def ami() -> None:
    """Make AMIs of your own: from a container image, or from a command."""


@ami.command()
@click.option("--image", metavar="IMAGE", help="A container image of this machine's Docker engine: my/service:1.")
@click.option("--command", metavar="COMMAND", help="A shell command, such as 'python -m http.server $PORT'.")
@click.option("--name", required=True, help="The AMI's name: unique among your own.")
@click.option("--description", help="The AMI's description.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port at which the command is asked to listen: PORT. Default: 80.")
@json_option
def register(image: str | None, command: str | None, name: str, description: str | None, port: int | None, as_json_: bool) -> None:
    """Register an AMI from IMAGE or COMMAND, and print its id.

    The id is used as on AWS: in run-instances, and in launch templates. The image's entrypoint, or the command, runs at each boot. Health
    checks and load balancers reach it at the port of the target group. In the process runtime, a command runs in the folder in which it
    was registered, and has to listen on $HOST and $PORT.
    """
    if (image is None) == (command is None):
        raise UserError("An AMI needs either --image or --command.", f"sandbox ami register --image my/service:1 --name {name}")
    sandbox = client()
    runtime = sandbox.get("health")["runtime"]
    location = f"docker://{_checked(image, runtime)}" if image else f"command://{_in_folder(str(command), runtime)}"
    tags = [{"ResourceType": "image", "Tags": [{"Key": PORT_TAG, "Value": str(port)}]}] if port else []
    asked = {"Name": name, "ImageLocation": location, "TagSpecifications": tags}
    made = sandbox.aws("ec2").register_image(**asked, **({"Description": description} if description else {}))
    if as_json_:
        as_json({"ImageId": made["ImageId"], "Name": name, "ImageLocation": location})
    else:
        click.echo(made["ImageId"])


@ami.command("list")
@json_option
def list_(as_json_: bool) -> None:
    """List your own AMIs, and what each boots."""
    found = client().aws("ec2").describe_images(Owners=["self"])["Images"]
    if as_json_:
        as_json(found)
    else:
        rows = [(one["ImageId"], one["Name"], one["State"], _boots(one), date_time(one["CreationDate"])) for one in found]
        table("AMIs", ("id", "name", "state", "boots", "created"), rows)


@ami.command()
@click.argument("ami_id")
def deregister(ami_id: str) -> None:
    """Deregister AMI_ID, given by its id or its name. Instances that were launched from it go on."""
    sandbox = client()
    image_id = ami_id if ami_id.startswith("ami-") else _named(sandbox, ami_id)
    sandbox.aws("ec2").deregister_image(ImageId=image_id, DeleteAssociatedSnapshots=True)
    click.echo(f"{image_id} is deregistered.")


def _checked(image: str, runtime: str) -> str:
    """The image, if this machine's Docker engine has it, or cannot be asked."""
    if runtime != "docker":
        sentence = f"The {runtime} runtime cannot run the container image {image}: its instances are not containers."
        raise UserError(sentence, "sandbox down && sandbox up --runtime docker, or: sandbox ami register --command …")
    try:
        asked = subprocess.run(["docker", "image", "inspect", "--format", "{{.Id}}", image], capture_output=True, text=True, check=False)
    except OSError:
        return image  # no docker command here: the launch tells whether it exists
    if asked.returncode != 0:
        raise UserError(f"The Docker image {image} does not exist.", f"docker build --tag {image} .")
    return image


def _in_folder(command: str, runtime: str) -> str:
    """In the process runtime it runs in the folder of this call. A container does not have that folder."""
    return f"cd {shlex.quote(str(Path.cwd()))} && {command}" if runtime == "process" else command


def _boots(image: dict[str, Any]) -> str:
    location = str(image.get("ImageLocation", ""))
    return location if location.startswith(("docker://", "command://")) else f"an image of {image.get('SourceInstanceId', 'a snapshot')}"


def _named(sandbox: Client, name: str) -> str:
    found = sandbox.aws("ec2").describe_images(Owners=["self"], Filters=[{"Name": "name", "Values": [name]}])["Images"]
    if not found:
        raise UserError(f"You have no AMI with the name {name}.", "sandbox ami list")
    return str(found[0]["ImageId"])
