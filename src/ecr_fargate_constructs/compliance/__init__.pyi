# The public names, each with the module that defines it. _lazy.py reads this list at run time.
from ecr_fargate_constructs.compliance.checks import ALL_PACKS as ALL_PACKS
from ecr_fargate_constructs.compliance.checks import DEFAULT_PACKS as DEFAULT_PACKS
from ecr_fargate_constructs.compliance.checks import Pack as Pack
from ecr_fargate_constructs.compliance.checks import enable as enable
from ecr_fargate_constructs.compliance.checks import inventory as inventory
from ecr_fargate_constructs.compliance.report import Acknowledgement as Acknowledgement
from ecr_fargate_constructs.compliance.report import Inventory as Inventory

__all__: list[str]  # noqa: PYI035 - the names above: a list of them would say each twice
