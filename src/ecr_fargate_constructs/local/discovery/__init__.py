"""Names by which tasks find other services: those of Service Connect and of Cloud Map. Pure."""

from ecr_fargate_constructs.local.discovery.hosts import with_names
from ecr_fargate_constructs.local.discovery.service_connect import Endpoint, endpoints_for, name_of_namespace

__all__ = ["Endpoint", "endpoints_for", "name_of_namespace", "with_names"]
