"""A whole sandbox in this process, in virtual time: `virtual_client` returns the SandboxClient of one."""
