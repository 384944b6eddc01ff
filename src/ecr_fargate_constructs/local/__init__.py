"""The embedded AWS: start it, deploy a CDK app to it, and look at what is running."""
