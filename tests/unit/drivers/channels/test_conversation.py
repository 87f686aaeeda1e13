"""The agent's side of a data channel: handshake, order, acknowledgements, repetition, and what a client may do wrong."""

import pytest

from sandbox.core.channels.protocols import ChannelKind, ChannelRequest
from sandbox.drivers.channels.conversation import PIECE, REPEAT_AFTER, WINDOW, Conversation, Data, Ready, Received
from sandbox.drivers.channels.message import INPUT, Flag, Malformed, Message, PayloadType, decode, encode
from sandbox.drivers.channels.payloads import Size
from tests.support import rule
from tests.support.drivers.plugin import Plugin, acknowledgement, size

REQUEST = ChannelRequest(session_id="root-1", instance_id="i-1", kind=ChannelKind.PORT, properties={"portNumber": "80"})


class Wire:
    """Both sides, and what the agent's side understood."""

    def __init__(self) -> None:
        self.agent, self.plugin = Conversation(REQUEST, lambda: 1.0), Plugin()
        self.understood: list[Received] = []
        self.now = 0.0

    def attach(self) -> "Wire":
        self.agent.attach(self.now)
        return self.pass_on()

    def pass_on(self) -> "Wire":
        """Until nobody has anything to say."""
        while frames := self.agent.take():
            for answer in [each for frame in frames for each in self.plugin.hears(frame)]:
                self.take_in(answer)
        return self

    def take_in(self, raw: bytes) -> None:
        found = self.agent.receive(raw, self.now)
        if found is not None:
            self.understood.append(found)


@rule("SSM-13")
def test_the_handshake_tells_the_session_type_and_its_properties_and_then_data_flows_both_ways() -> None:
    wire = Wire().attach()
    assert (wire.plugin.session_type, wire.plugin.properties, wire.plugin.ready) == ("Port", {"portNumber": "80"}, True)
    wire.agent.output(b"x" * (3 * PIECE), 0.0)
    wire.pass_on()
    assert wire.plugin.shown == b"x" * (3 * PIECE) and wire.agent.settled
    wire.take_in(wire.plugin.says(b"ls\r"))
    wire.take_in(wire.plugin.says(size(120, 40), PayloadType.SIZE))
    wire.take_in(wire.plugin.says(bytes([0, 0, 0, 2]), PayloadType.FLAG))
    assert wire.understood == [Ready(None), Data(b"ls\r"), Size(120, 40), Flag.TERMINATE]
    wire.pass_on()
    assert wire.plugin.acknowledged == [0, 1, 2, 3]


@rule("SSM-13")
def test_the_end_of_the_handshake_is_the_last_thing_said_before_the_client_has_set_up_its_port() -> None:
    wire = Wire()
    wire.agent.attach(0.0)
    for answer in [each for frame in wire.agent.take() for each in wire.plugin.hears(frame)]:
        wire.take_in(answer)
    said = [decode(each) for each in wire.agent.take()]
    assert [(each.type, each.payload_type) for each in said] == [("acknowledge", 0), ("output_stream_data", PayloadType.HANDSHAKE_COMPLETE)]


def test_a_client_that_cannot_do_what_is_asked_says_so_and_gets_no_data() -> None:
    wire = Wire()
    wire.agent.attach(0.0)
    wire.take_in(wire.plugin.says(b'{"Errors": ["Unknown session type"]}', PayloadType.HANDSHAKE_RESPONSE))
    wire.take_in(wire.plugin.says(b"ls\r"))
    assert wire.understood == [Ready("Unknown session type")]


@rule("SSM-13")
def test_what_is_not_acknowledged_is_sent_again_the_oldest_first() -> None:
    wire = Wire().attach()
    wire.plugin.answers = False
    wire.agent.output(b"first", 1.0)
    wire.agent.output(b"second", 1.0)
    wire.pass_on()
    wire.agent.repeat(1.0 + REPEAT_AFTER / 2)
    assert wire.agent.take() == []
    wire.agent.repeat(1.0 + REPEAT_AFTER)
    [again] = wire.agent.take()
    assert decode(again).payload == b"first" and not wire.agent.settled
    wire.plugin.answers = True
    wire.agent.repeat(9.0)
    wire.pass_on()
    wire.agent.repeat(9.0)
    wire.pass_on()
    assert wire.plugin.shown == b"firstsecond" and wire.agent.settled


def test_output_stops_at_the_window_until_it_is_acknowledged() -> None:
    wire = Wire().attach()
    wire.agent.output(b"x" * (WINDOW * PIECE), 0.0)
    assert not wire.agent.has_room
    wire.take_in(acknowledgement(decode(wire.agent.take()[0])))
    assert wire.agent.has_room


@rule("SSM-12")
def test_a_client_that_connects_again_gets_what_it_had_not_acknowledged_and_no_second_handshake() -> None:
    wire = Wire().attach()
    wire.plugin.answers = False
    wire.agent.output(b"lost", 0.0)
    wire.pass_on()
    wire.plugin.answers = True
    wire.attach()
    assert wire.plugin.shown == b"lost" and wire.understood == [Ready(None)]
    wire.take_in(wire.plugin.says(b"on"))
    assert wire.understood[-1] == Data(b"on")


def test_input_counts_once_and_in_order_however_often_it_comes() -> None:
    wire = Wire().attach()
    first, second = wire.plugin.says(b"1"), wire.plugin.says(b"2")
    for raw in (second, first, first, second):
        wire.take_in(raw)
    assert wire.understood[1:] == [Data(b"1"), Data(b"2")]
    wire.pass_on()
    assert wire.plugin.acknowledged == [0, 1, 1, 2]  # the handshake's, the first input twice, the second; not what came too early


@pytest.mark.parametrize(
    ("payload_type", "payload"),
    [
        (PayloadType.SIZE, b"{}"),
        (PayloadType.SIZE, size(0, 10)),
        (PayloadType.SIZE, size(100_000, 10)),
        (PayloadType.SIZE, b"[" * 100_000),
        (PayloadType.SIZE, b"\xff"),
        (PayloadType.FLAG, b"2"),
    ],
)
def test_input_that_cannot_be_understood_is_refused_and_not_acknowledged(payload_type: PayloadType, payload: bytes) -> None:
    wire = Wire().attach()
    with pytest.raises(Malformed):
        wire.take_in(wire.plugin.says(payload, payload_type))
    assert wire.agent.take() == []


def test_messages_of_unknown_types_have_no_effect() -> None:
    wire = Wire().attach()
    wire.take_in(wire.plugin.says(b"?", 99))
    wire.take_in(wire.plugin.says(bytes([0, 0, 0, 77]), PayloadType.FLAG))
    wire.take_in(encode(Message(type="start_publication", id=decode(wire.plugin.says(b"")).id, created=1)))
    assert wire.understood == [Ready(None)] and INPUT == "input_stream_data"
