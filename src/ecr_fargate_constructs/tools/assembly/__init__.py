"""Read a synthesized CDK app, for the commands that take any app: ``doctor``, ``cost`` and ``diagram``.

These modules read the cloud assembly (``cdk.out``) and the build contexts in it. They call neither AWS nor a container
engine, and do not depend on the library's constructs.
"""
