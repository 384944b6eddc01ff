"""The code of the Lambda function that copies images; it needs only Python, boto3, and boto3's urllib3.

It is an asset of its own (``image/image_copier.py`` deploys it), so no module in it imports the rest of the package.
``handler`` answers CloudFormation, ``copying`` copies an image, ``registry`` speaks the OCI distribution protocol,
``manifest`` reads manifests, ``login`` authenticates, ``deadline`` keeps the time, ``mounting`` sets ECR's account
setting.
"""
