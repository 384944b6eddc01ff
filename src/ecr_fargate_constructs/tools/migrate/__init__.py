"""From a Copilot manifest or a compose file to Python that uses this library. Pure: no CDK objects."""
