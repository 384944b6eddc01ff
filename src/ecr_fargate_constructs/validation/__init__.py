"""Validation plugins of ``cdk synth`` for any CDK app: they join CDK with the tools, which do not know it."""
