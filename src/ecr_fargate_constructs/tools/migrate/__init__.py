"""Programs from Copilot manifests and compose files. Pure: no CDK objects."""
