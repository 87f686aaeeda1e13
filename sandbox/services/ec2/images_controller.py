"""The loop of AMIs that CreateImage makes: one key for each that is pending, and one for each image that the runtime has."""

from collections.abc import Iterable
from datetime import datetime

from sandbox.aws.context import context
from sandbox.core.control import Action, Decision, Scope, Shell
from sandbox.core.journal import Journal
from sandbox.drivers.runtime.base import Runtime
from sandbox.services.ec2.decide.images import CompleteImage, FailImage, MakeImage, RemoveImage, decide
from sandbox.services.ec2.image_model import ObservedImage
from sandbox.services.ec2.state.images import creations

RUNTIMES = Scope("-", "-")  # of an image, as the runtime has it: it may be copied to several Regions


class Ec2ImagesController(Shell[ObservedImage, None]):
    name = "ec2-images"

    def __init__(self, journal: Journal, runtime: Runtime) -> None:
        super().__init__(journal)
        self._runtime, self._images = runtime, runtime.images
        runtime.images.on_change(lambda image_id: context().wake(self.name))

    def keys(self) -> Iterable[str]:
        pending = [scope.key(image_id) for scope, image_id in creations.pending()]
        return (*pending, *(RUNTIMES.key(image_id) for image_id in self._images.made()))

    def has(self, key: str) -> bool:
        return key in set(self.keys())

    def observe(self, key: str, now: datetime) -> ObservedImage | None:
        scope, image_id = Scope.split(key)
        made = self._images.made().get(image_id)
        if scope == RUNTIMES:
            return ObservedImage(image_id=image_id, creation=None, made=made, needed=creations.needed(image_id, made))
        return creations.read(scope, image_id, made, self._runtime.available(), self.journal.latest(image_id))

    def decide(self, observed: ObservedImage, memory: None, now: datetime) -> Decision[None]:
        return decide(observed, now)

    def act(self, key: str, action: Action, now: datetime) -> None:
        scope, image_id = Scope.split(key)
        match action:
            case MakeImage():
                self._images.create(action.instance_id, image_id)
            case CompleteImage():
                creations.complete(scope, image_id, action.reference)
            case FailImage():
                creations.fail(scope, image_id, action.reason)
            case RemoveImage():
                self._images.remove(image_id)
