"""The one error that this library raises for bad configuration."""

from __future__ import annotations


class ConfigurationError(ValueError):
    """A value that cannot work, refused where it was written.

    The message says where (the construct's path, when there is one), which value is wrong, what is allowed and what to
    do instead:

        ConfigurationError: [Web/Web] container_port=70000 is not a TCP port; use 1 to 65535

    Value objects (``TaskSize``, ``Retention`` and the like) have no construct path; their messages begin with the
    name of the value.
    """

    def __init__(self, message: str, *, path: str | None = None) -> None:
        """Create the error.

        Args:
            message: What is wrong with which value, what is allowed, and the fix.
            path: Path of the construct that refuses the value; default, none, as for value objects.
        """
        super().__init__(f"[{path}] {message}" if path else message)
        self.path = path
