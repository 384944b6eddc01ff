"""Decide whether traffic in a VPC arrives, and why not, from what EC2 describes. Pure.

``model`` has the resources; ``security_groups``, ``network_acls`` and ``routes`` one layer each; ``reachability`` the
whole way. The codes are those of Reachability Analyzer: VPC user guide, "Reachability Analyzer explanation codes".
Only TCP over IPv4 is decided.
"""

from ecr_fargate_constructs.local.networks.model import Blocked, Interface, Networks
from ecr_fargate_constructs.local.networks.reachability import Reachability

__all__ = ["Blocked", "Interface", "Networks", "Reachability"]
