"""The metadata service, simulated and as a server: what a caller reads, with and without tokens, and who is told nothing."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.drivers.metadata.base import AccessOptions
from sandbox.drivers.metadata.files import DOCUMENTS
from sandbox.drivers.metadata.served import Place, ServedMetadata
from sandbox.drivers.metadata.server_process import ServerProcess
from tests.support import rule
from tests.support.drivers.metadata import ADDRESS, ID, TOKEN, TTL, MetadataHarness, ServedHarness, SimulatedHarness, document
from tests.support.waiting import until

OTHER, OTHERS_ADDRESS = "i-0fedcba9876543210", "10.231.7.11"
WITHOUT_TOKENS = AccessOptions(tokens_required=True)


@pytest.fixture(scope="module")
def server() -> Iterator[ServedHarness]:
    harness = ServedHarness()
    yield harness
    harness.close()


@pytest.fixture(params=["simulated", pytest.param("server", marks=pytest.mark.process)])
def harness(request: pytest.FixtureRequest) -> MetadataHarness:
    made: MetadataHarness = SimulatedHarness() if request.param == "simulated" else request.getfixturevalue("server")
    made.publish(document())
    return made


@rule("IMDS-1", "IMDS-8")
def test_a_caller_reads_what_is_published_for_its_address(harness: MetadataHarness) -> None:
    harness.publish(document(OTHER, OTHERS_ADDRESS))
    assert harness.get("/latest/meta-data/instance-id").body == ID.encode()
    assert harness.get("/2021-07-15/meta-data/instance-id", OTHERS_ADDRESS).body == OTHER.encode()
    assert harness.get("/").body.decode().splitlines()[-1] == "latest"


@rule("IMDS-8")
def test_a_directory_lists_its_entries(harness: MetadataHarness) -> None:
    harness.publish(document(ami_id="ami-1", **{"public-keys/": "0=me", "public-keys/0/openssh-key": "ssh-rsa A"}))
    assert harness.get("/latest/meta-data").body == b"ami-id\ninstance-id\npublic-keys/"
    assert harness.get("/latest/meta-data/public-keys/").body == b"0=me"
    assert harness.get("/latest/meta-data/public-keys/0/").body == b"openssh-key"
    assert harness.get("/latest/").body == b"dynamic\nmeta-data"
    assert harness.get("/latest/meta-data/").headers["content-type"] == "text/plain"


@rule("IMDS-2", "IMDS-3")
def test_a_token_is_issued_and_lets_its_instance_in(harness: MetadataHarness) -> None:
    harness.publish(document(options=WITHOUT_TOKENS))
    answered = harness.ask("PUT", "/latest/api/token", {TTL: "21600"})
    assert (answered.status, answered.headers["x-aws-ec2-metadata-token-ttl-seconds"]) == (200, "21600")
    assert harness.get("/latest/meta-data/instance-id", **{TOKEN: answered.body.decode()}).body == ID.encode()


@rule("IMDS-4")
def test_without_a_token_where_one_is_required(harness: MetadataHarness) -> None:
    harness.publish(document(options=WITHOUT_TOKENS))
    assert [harness.get(path).status for path in ("/", "/latest/meta-data/", "/latest/no-such", "/latest/user-data")] == [401] * 4


@rule("IMDS-3")
@pytest.mark.parametrize("token", ["", "nonsense", "AAAA" * 14, "é" * 56, "A" * 5000])
def test_what_is_not_a_token(harness: MetadataHarness, token: str) -> None:
    assert harness.get("/latest/meta-data/instance-id", **{TOKEN: token.encode().decode("latin-1")}).status == 401


@rule("IMDS-3")
def test_a_token_of_another_instance_is_worth_nothing(harness: MetadataHarness) -> None:
    harness.publish(document(OTHER, OTHERS_ADDRESS))
    stolen = harness.token(address=OTHERS_ADDRESS)
    assert harness.get("/latest/meta-data/instance-id", OTHERS_ADDRESS, **{TOKEN: stolen}).status == 200
    assert harness.get("/latest/meta-data/instance-id", **{TOKEN: stolen}).status == 401


@rule("IMDS-3")
def test_a_token_expires(harness: MetadataHarness) -> None:
    token = harness.token("1")
    assert harness.get("/latest/meta-data/instance-id", **{TOKEN: token}).status == 200
    harness.pass_time(1)
    harness.until(lambda: harness.get("/latest/meta-data/instance-id", **{TOKEN: token}).status == 401)


@rule("IMDS-2")
@pytest.mark.parametrize("ttl", ["0", "21601", "-1", "1.5", "", " ", "abc", "99999999999999999999", "٣"])
def test_a_wrong_ttl(harness: MetadataHarness, ttl: str) -> None:
    assert harness.ask("PUT", "/latest/api/token", {TTL: ttl.encode().decode("latin-1")}).status == 400
    assert harness.ask("PUT", "/latest/api/token").status == 400


@rule("IMDS-2")
def test_a_forwarded_put_gets_no_token(harness: MetadataHarness) -> None:
    assert harness.ask("PUT", "/latest/api/token", {TTL: "60", "X-Forwarded-For": "10.0.0.1"}).status == 403


@rule("IMDS-5")
def test_codes_of_other_requests(harness: MetadataHarness) -> None:
    assert harness.get("/latest/meta-data/no-such").status == 404
    assert harness.get("/no-such-version/meta-data/").status == 404
    assert harness.get("/latest/meta-data/instance-id/").status == 200
    assert harness.ask("PUT", "/2021-07-15/api/token", {TTL: "60"}).status == 403
    assert harness.ask("PUT", "/latest/meta-data/instance-id").status == 403
    assert {harness.ask(method, "/latest/meta-data/").status for method in ("POST", "DELETE", "PATCH", "OPTIONS")} == {405}


@rule("IMDS-4")
def test_a_disabled_endpoint_answers_nothing_else(harness: MetadataHarness) -> None:
    harness.publish(document(options=AccessOptions(endpoint_enabled=False)))
    assert harness.get("/latest/meta-data/").status == 403
    assert harness.ask("PUT", "/latest/api/token", {TTL: "60"}).status == 403


@rule("UD-3")
def test_user_data_is_served_as_it_is(harness: MetadataHarness) -> None:
    assert harness.get("/latest/user-data").status == 404
    harness.publish(replace(document(), user_data=b"#!/bin/sh\n\xff\x00"))
    answered = harness.get("/latest/user-data")
    assert (answered.body, answered.headers["content-type"]) == (b"#!/bin/sh\n\xff\x00", "application/octet-stream")
    assert harness.get("/latest").body == b"dynamic\nmeta-data\nuser-data"


@rule("IMDS-14")
def test_the_identity_document_is_signed(harness: MetadataHarness) -> None:
    folder = "/latest/dynamic/instance-identity/"
    assert harness.get(folder).body == b"document\npkcs7\nrsa2048\nsignature"
    pem = harness.metadata.certificate()
    assert pem is not None
    key = x509.load_pem_x509_certificate(pem).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signed, signature = harness.get(folder + "document").body, base64.b64decode(harness.get(folder + "signature").body)
    key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())


@rule("IMDS-15")
def test_a_caller_that_asks_too_fast_is_throttled_alone(harness: MetadataHarness) -> None:
    harness.publish(document(OTHER, OTHERS_ADDRESS))
    assert harness.hammer(3000) == {200, 503}
    assert harness.get("/latest/meta-data/instance-id", OTHERS_ADDRESS).status == 200
    harness.until(lambda: harness.metadata.uses()[ID].throttled > 0)
    harness.pass_time(1)
    harness.until(lambda: harness.get("/latest/meta-data/instance-id").status == 200)


@rule("IMDS-4")
def test_uses_without_a_token_are_counted(harness: MetadataHarness) -> None:
    harness.publish(document(OTHER, OTHERS_ADDRESS))
    harness.get("/", OTHERS_ADDRESS)
    harness.until(lambda: OTHER in harness.metadata.uses())
    before = harness.metadata.uses()[OTHER]
    harness.get("/latest/meta-data/", OTHERS_ADDRESS)
    harness.get("/latest/meta-data/", OTHERS_ADDRESS, **{TOKEN: harness.token(address=OTHERS_ADDRESS)})
    harness.publish(document(OTHER, OTHERS_ADDRESS, WITHOUT_TOKENS))
    harness.get("/latest/meta-data/", OTHERS_ADDRESS)
    harness.until(lambda: harness.metadata.uses()[OTHER].rejected == before.rejected + 1)
    assert harness.metadata.uses()[OTHER].without_token >= before.without_token + 1


def test_a_withdrawn_document_is_not_served(harness: MetadataHarness) -> None:
    harness.publish(document(OTHER, OTHERS_ADDRESS))
    harness.metadata.withdraw(OTHER)
    harness.metadata.withdraw(OTHER)
    harness.until(lambda: OTHER not in harness.metadata.served())
    if isinstance(harness, SimulatedHarness):  # the server does not even listen there
        assert harness.get("/latest/meta-data/instance-id", OTHERS_ADDRESS).status == 403


def test_the_newest_document_counts_where_two_have_one_address(harness: MetadataHarness) -> None:
    harness.publish(document(OTHER, ADDRESS))
    assert harness.get("/latest/meta-data/instance-id").body == OTHER.encode()
    harness.metadata.withdraw(OTHER)
    harness.until(lambda: harness.get("/latest/meta-data/instance-id").body == ID.encode())


# ---- the server only ---------------------------------------------------------------------------------------------------------------------


@rule("IMDS-17")
@pytest.mark.process
def test_it_answers_while_no_control_plane_runs(server: ServedHarness) -> None:
    server.publish(document())
    token = server.token()
    server.metadata.close()
    assert server.get("/latest/meta-data/instance-id", **{TOKEN: token}).body == ID.encode()
    server.metadata = server.made()
    server.until(lambda: ID in server.metadata.served())
    assert server.metadata.served()[ID] == document()


@pytest.mark.process
def test_a_server_that_starts_again_knows_documents_and_tokens(server: ServedHarness) -> None:
    server.publish(document())
    token = server.token()
    server.metadata.close(keep_serving=False)
    server.metadata = server.made()
    server.until(lambda: ID in server.metadata.served())
    assert server.get("/latest/meta-data/instance-id", **{TOKEN: token}).body == ID.encode()
    assert server.metadata.available() is None


@pytest.mark.process
def test_a_document_that_cannot_be_written_is_written_later(server: ServedHarness) -> None:
    folder = server.folder / DOCUMENTS
    server.publish(document())
    folder.rename(folder.with_name("away"))
    folder.write_text("not a folder")
    changed = document(ami_id="ami-2")
    server.metadata.publish(changed)
    server.until(lambda: "could not be written" in (server.metadata.available() or ""))
    assert server.get("/latest/meta-data/instance-id").body == ID.encode(), "it answers from what it knew"
    folder.unlink()
    folder.with_name("away").rename(folder)
    server.until(lambda: server.metadata.served().get(ID) == changed)
    assert server.metadata.available() is None


@pytest.mark.process
def test_a_server_that_has_only_just_been_started_ends_with_the_control_plane(tmp_path: Path) -> None:
    process = ServerProcess(tmp_path, ["--port", "1"])
    place = Place(url=lambda address: "http://127.0.0.1/", known_by=lambda address: address)
    service = ServedMetadata(tmp_path, place, process)
    until(process.runs, 20)
    service.close(keep_serving=False)
    assert not process.runs()
