"""HTTPS of the embedded AWS: a certificate authority for each instance, and the names in its certificates."""

from ecr_fargate_constructs.local.https.authority import Authority
from ecr_fargate_constructs.local.https.names import certificate_names, matches

__all__ = ["Authority", "certificate_names", "matches"]
