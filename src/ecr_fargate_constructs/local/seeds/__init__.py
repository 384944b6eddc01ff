"""Create in the embedded AWS what an app refers to and no stack of it creates, before the app is deployed."""

from __future__ import annotations

from ecr_fargate_constructs.local.seeds.file import read
from ecr_fargate_constructs.local.seeds.lookups import asks_elsewhere, context_kept, lookups
from ecr_fargate_constructs.local.seeds.model import Seeds, Zone
from ecr_fargate_constructs.local.seeds.seeding import put
from ecr_fargate_constructs.local.seeds.stubs import stubs

__all__ = ["Seeds", "Zone", "asks_elsewhere", "context_kept", "lookups", "put", "read", "stubs"]
