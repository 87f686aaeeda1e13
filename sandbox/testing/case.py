"""For unittest: a test case whose tests share one sandbox."""

import unittest
from typing import ClassVar

from sandbox.testing.sandbox import Sandbox


class SandboxTestCase(unittest.TestCase):
    """`self.sandbox` is started before the first test of the class and removed after the last."""

    runtime: ClassVar[str] = "simulated"
    speed: ClassVar[float] = 1.0
    sandbox: ClassVar[Sandbox]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.sandbox = Sandbox(cls.runtime, speed=cls.speed)
        cls.addClassCleanup(cls.sandbox.stop)
        cls.sandbox.start()
