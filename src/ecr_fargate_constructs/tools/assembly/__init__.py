"""What a synthesized CDK app holds, for the commands that read any app: ``doctor``, ``cost`` and ``diagram``.

They read the cloud assembly (``cdk.out``) and the build contexts in it, ask neither AWS nor a container engine, and
know no construct of ours.
"""
