"""The function that runs a release command while CloudFormation waits.

It runs in AWS Lambda on the standard library, ``boto3`` and ``urllib3``, which Lambda's runtime has. It imports nothing
of the package, so that the folder is the whole asset.
"""
