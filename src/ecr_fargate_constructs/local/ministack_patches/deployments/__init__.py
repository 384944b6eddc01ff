"""Let ECS's deployment controller of ``local.deployments`` run MiniStack's services, in place of its own scheduler.

``service`` is the controller of one service with its tasks, health checks and hooks; ``services`` connects it with
MiniStack's functions; ``traffic`` sets and follows the weights of listener rules; ``answers`` has the API of service
deployments; ``waits`` lets CloudFormation wait for a deployment; ``protection`` has the API of task protection, and
``interruptions`` stops tasks as Spot capacity does; ``syncs`` replaces tasks whose files were edited. Written for
MiniStack 1.5.33.
"""

from __future__ import annotations

from ecr_fargate_constructs.local.ministack_patches.deployments.interruptions import Interruptions
from ecr_fargate_constructs.local.ministack_patches.deployments.protection import Protection
from ecr_fargate_constructs.local.ministack_patches.deployments.services import control_deployments
from ecr_fargate_constructs.local.ministack_patches.deployments.syncs import Syncs

__all__ = ["Interruptions", "Protection", "Syncs", "control_deployments"]
