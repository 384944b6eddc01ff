"""What AWS says when IAM refuses a request, and the statement that would allow it. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_KIND = r"[\w-]+ policy|service control policy|VPC endpoint policy|permissions boundary"
_REFUSED = re.compile(
    r"User: (?P<who>\S+) is not authorized to perform: (?P<action>[\w-]+:\w+)"
    r"(?: on resource: \"?(?P<resource>[^\s\"]+)\"?)?"
    rf"(?: because no (?P<policy>{_KIND}) allows|(?P<denied> with an explicit deny)(?: in an? (?P<denying>{_KIND}))?)?"
)
_ROLE = re.compile(r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d{12}):assumed-role/(?P<role>[^/]+)/")
_OWN = "identity-based policy"


@dataclass(frozen=True)
class Refusal:
    """A request that was refused.

    Attributes:
        who: ARN of the user or session.
        action: What it wanted.
        resource: On what; ``*`` where AWS does not say.
        policy: The kind of policy that does not allow it, or denies it.
        denied: Whether a statement denies it, and not only none allows it.
    """

    who: str
    action: str
    resource: str
    policy: str
    denied: bool

    @property
    def principal(self) -> str:
        """The ARN to write into a policy: of a session that of its role."""
        found = _ROLE.match(self.who)
        return self.who if found is None else f"arn:{found['partition']}:iam::{found['account']}:role/{found['role']}"

    @property
    def advice(self) -> str:
        """What to do, the statement to add included."""
        name = self.principal.rpartition("/")[2]
        if self.denied:
            return f"take {self.action} on {self.resource} out of the statement of the {self.policy} that denies it"
        statement: dict[str, object] = {"Effect": "Allow", "Action": self.action, "Resource": self.resource}
        if self.policy == _OWN:
            place = f"the policy of {name}"
        elif self.policy == "resource-based policy":
            place = f"the policy of {self.resource}"
            statement["Principal"] = {"AWS": self.principal}
        else:
            place = f"the {self.policy} of {name}"
        return f"add to {place}: {json.dumps(statement)}"


def refusal_in(text: str) -> Refusal | None:
    """Return the first refusal that a text of AWS tells of; None if it tells of none."""
    found = _REFUSED.search(text)
    if found is None:
        return None
    policy = found["denying"] or found["policy"] or _OWN
    return Refusal(found["who"], found["action"], found["resource"] or "*", policy, bool(found["denied"]))
