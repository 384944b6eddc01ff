"""The function that starts a sleeping service at a request, and sends an idle one to sleep.

It runs in AWS Lambda on the standard library and ``boto3``, which Lambda's runtime has. It imports nothing of the
package, so that the folder is the whole asset.
"""
