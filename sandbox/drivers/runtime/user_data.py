"""Which user data starts the application, and when: the rules that all three runtimes share, so that a story ends alike on each.

In a container the image's instance-init does it (app/image/instance-init); the process and the simulated runtime ask here.
"""


def application_starts(user_data: bytes | None, boot: int) -> bool:
    """Whether the application is up after boot number `boot` (the first is 1).

    Without user data the image's service starts it at every boot. A script (`#!`) starts it at the first boot only and nothing starts it
    again (UD-5, UD-12, TUT-16). Anything else is not run (UD-4): no application.
    """
    if not user_data:
        return True
    return user_data.startswith(b"#!") and boot == 1
