"""The function that copies images in AWS Lambda, with Python's library, boto3, and the urllib3 that boto3 brings.

It is an asset of its own (``image/image_copier.py`` deploys it), so nothing in here imports the rest of the package.
``handler`` answers CloudFormation, ``copying`` copies an image, ``registry`` speaks the OCI distribution protocol,
``manifest`` reads manifests, ``login`` authenticates, ``deadline`` keeps the time, ``mounting`` sets ECR's account
setting.
"""
