"""A hostile instance: whatever it does as root, the others and the load balancer keep serving, and it learns nothing of them."""

import json
from collections.abc import Iterator

import pytest

from tests.support.drivers.hostile import Hostile, Watch
from tests.support.live import NAME, Service, create, docker, remove, until
from tests.support.live import Sandbox as LiveSandbox

pytestmark = pytest.mark.docker

FORK_BOMB = "b() { b | b & }; b; sleep 3"
MEMORY_HOG = "held = []\nwhile True: held.append(bytearray(32 << 20))"
DISK_FILLER = "dd if=/dev/zero of=/var/tmp/full bs=1M count=300; rm /var/tmp/full"  # bounded: Docker cannot bound it on every disk
LOG_FLOOD = "import os\nout = open('/proc/1/fd/1', 'wb', 0)\nfor n in range(4096): out.write(b'x' * 4095 + b'\\n')"  # 16 MiB
CONNECTIONS = """
import socket
held = []
for n in range(300):
    s = socket.socket(); s.settimeout(1)
    try: s.connect(("{gateway}", 4566))
    except OSError: pass
    held.append(s)
"""


@pytest.fixture(scope="module")
def service(sandbox: LiveSandbox) -> Iterator[Service]:
    made = create(sandbox, "web", "ELB")
    until(made.well, "three healthy members")
    yield made
    remove(sandbox, made)


@pytest.fixture(scope="module")
def hostile(service: Service) -> Iterator[Hostile]:
    made = Hostile.launch(service)
    yield made
    made.end()


@pytest.fixture
def glutton(service: Service) -> Iterator[Hostile]:
    """One for each test that uses an instance up: nothing else can be run in it afterwards."""
    made = Hostile.launch(service)
    yield made
    made.end()


@pytest.mark.parametrize(
    ("what", "command"),
    [
        ("fork bomb", ("bash", "-c", FORK_BOMB)),
        ("memory hog", ("python3", "-c", MEMORY_HOG)),
        ("disk filler", ("sh", "-c", DISK_FILLER)),
        ("log flood", ("python3", "-c", LOG_FLOOD)),
        ("busy loops", ("sh", "-c", "for n in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done; sleep 5; kill 0")),
        ("connections to the API", ("python3", "-c", CONNECTIONS)),
    ],
)
def test_the_service_serves_on_whatever_an_instance_uses_up(
    service: Service, glutton: Hostile, what: str, command: tuple[str, ...]
) -> None:
    with Watch(service) as watch:
        glutton.run(*(part.replace("{gateway}", glutton.gateway) for part in command), seconds=15)
        until(lambda: len(watch.answers) > 20, "twenty requests")
    assert watch.unharmed(), watch.answers
    assert len(service.well()) == 3
    assert service.sandbox.get("health")["status"] == "ok"


def test_processes_memory_logs_and_shared_memory_of_an_instance_are_bounded(glutton: Hostile) -> None:
    found = json.loads(docker("inspect", glutton.container))[0]
    host = found["HostConfig"]
    assert (host["PidsLimit"], host["Memory"], host["MemorySwap"]) == (512, 256 << 20, 256 << 20)
    assert host["LogConfig"]["Config"] == {"max-size": "1m", "max-file": "2"}
    assert glutton.run("dd", "if=/dev/zero", "of=/dev/shm/full", "bs=1M", "count=100").code != 0
    assert glutton.python(MEMORY_HOG, seconds=20).code == 137
    assert not host["Privileged"] and not host["Binds"] and not found["Mounts"]
    assert host["NanoCpus"] == 500_000_000


@pytest.mark.parametrize(
    "program",
    [
        "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
        "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
        "import socket; s = socket.socket(); s.setsockopt(socket.SOL_IP, 19, 1)",  # IP_TRANSPARENT: to send from any address
        "import socket; s = socket.socket(); s.bind(('{other}', 0))",
        "open('/proc/sys/net/ipv4/ip_forward', 'w').write('1')",
        "open('/proc/sysrq-trigger', 'w').write('b')",
        "open('/dev/mem')",
        "open('/dev/kmsg').read(1)",
        "import ctypes, os; lib = ctypes.CDLL(None, use_errno=True); assert lib.unshare(0x10000000) == 0",  # CLONE_NEWUSER
        "import ctypes, os; lib = ctypes.CDLL(None, use_errno=True); assert lib.mount(b'none', b'/mnt', b'tmpfs', 0, None) == 0",
        "import socket; socket.socket(socket.AF_UNIX).connect('/var/run/docker.sock')",
    ],
)
def test_what_only_a_host_may_do_is_refused(service: Service, hostile: Hostile, program: str) -> None:
    other = service.sandbox.aws("ec2").describe_instances(InstanceIds=[service.members()[0]["InstanceId"]])
    address = other["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    assert hostile.python(program.replace("{other}", address)).code != 0


def test_addresses_routes_and_neighbours_cannot_be_changed(hostile: Hostile) -> None:
    for command in (
        ("ip", "address", "add", hostile.gateway, "dev", "eth0"),
        ("ip", "link", "set", "eth0", "address", "02:00:00:00:00:01"),
        ("ip", "neigh", "replace", hostile.gateway, "lladdr", "02:00:00:00:00:01", "dev", "eth0"),
        ("ip", "route", "replace", "default", "dev", "eth0"),
    ):
        refused = hostile.run(*command)
        assert refused.code != 0 and "not permitted" in refused.text, (command, refused)


def test_the_control_api_answers_403_and_the_aws_api_answers(hostile: Hostile) -> None:
    api = f"http://{hostile.gateway}:4566"
    for path in ("health", "events", f"console?instance_id={hostile.instance_id}", "faults"):
        assert hostile.status(f"{api}/_sandbox/{path}") == "403"
        assert hostile.status(f"{api}/_sandbox/{path}", "-H", "Host: localhost:4566", "-H", "X-Forwarded-For: 127.0.0.1") == "403"
    assert hostile.status(f"{api}/_sandbox/reset", "-X", "POST", "-H", "X-Sandbox-Client: curl", "-H", "Host: localhost") == "403"
    assert hostile.status(f"{api}/moto-api/reset", "-X", "POST", "-H", "X-Sandbox-Client: curl") == "403"
    signed = "Authorization: AWS4-HMAC-SHA256 Credential=test/20260507/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0"
    body = "Action=GetCallerIdentity&Version=2011-06-15"
    assert hostile.status(f"{api}/", "-H", signed, "-d", body) == "200"


SCAN = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def probe(port):
    with socket.socket() as s:
        s.settimeout(0.5)
        return port if s.connect_ex(("{address}", port)) == 0 else None
with ThreadPoolExecutor(50) as pool:
    ports = [*range(1, 2500), 4566, *range(8000, 8300), *range(9900, 10001), *range(17990, 18010)]
    print([port for port in pool.map(probe, ports) if port])
"""


def test_a_scan_of_the_gateway_finds_the_api_and_load_balancers_and_nothing_of_the_sandbox_s_own(hostile: Hostile) -> None:
    found = set(json.loads(hostile.python(SCAN.replace("{address}", hostile.gateway)).text))
    assert 4566 in found
    load_balancers = {53, 80, 8079, 8080, *range(8100, 8200)}
    assert found - {4566} - load_balancers == set()


def test_the_metadata_service_tells_an_instance_its_own_data_whatever_it_claims_to_be(service: Service, hostile: Hostile) -> None:
    ec2, victim = service.sandbox.aws("ec2"), service.members()[0]["InstanceId"]
    address = ec2.describe_instances(InstanceIds=[victim])["Reservations"][0]["Instances"][0]["PrivateIpAddress"]
    url = "http://169.254.169.254/latest/meta-data/instance-id"
    assert hostile.run("curl", "-s", "-m", "5", url).text == hostile.instance_id
    for header in (f"X-Forwarded-For: {address}", f"X-Real-IP: {address}", f"Forwarded: for={address}", f"Host: {victim}"):
        assert hostile.run("curl", "-s", "-m", "5", "-H", header, url).text in (hostile.instance_id, "")
    assert victim not in hostile.run("curl", "-s", "-m", "5", "http://169.254.169.254/latest/../../" + victim, "--path-as-is").text


def test_the_docker_filter_cannot_be_reached_from_an_instance(hostile: Hostile) -> None:
    filters = docker("ps", "-q", "--filter", "label=sandbox.role=dockerapi", "--filter", f"label=sandbox.topology={NAME}")
    (address,) = docker("inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}", filters).split()
    assert hostile.status(f"http://{address}:2375/_ping") == "000"
    assert hostile.status(f"http://{address}:2375/_sandbox/usage") == "000"
