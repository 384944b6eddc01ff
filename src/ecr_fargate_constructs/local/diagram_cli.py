"""stub."""


def diagram_command() -> None:
    """Stub."""
