"""stub."""


def cost_command() -> None:
    """Stub."""
