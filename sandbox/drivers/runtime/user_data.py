"""Which user data starts the application at which boot: rules that hold in all three runtimes, so that a scenario has the same result in
each. In a container the image's instance-init applies them (app/image/instance-init); the process and the simulated runtime call this.
"""


def application_starts(user_data: bytes | None, boot: int) -> bool:
    """Whether the application runs after boot number `boot` (the first is 1).

    Without user data the image's service starts it at every boot. A script (`#!`) runs at the first boot only, and nothing starts the
    application at later ones (UD-5, UD-12, TUT-16). Other user data is not run, so there is no application (UD-4).
    """
    if not user_data:
        return True
    return user_data.startswith(b"#!") and boot == 1
