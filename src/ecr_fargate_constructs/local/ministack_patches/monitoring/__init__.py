"""CloudWatch and Application Auto Scaling on MiniStack: measure each minute, evaluate alarms, scale.

``measurements`` reads MiniStack's records and the engine; ``answers`` answers about metrics; ``alarms`` evaluates
alarms; ``scaling`` sets the number of tasks; ``minutes`` does all of it each minute. Written for MiniStack 1.5.33, and
applied by ``ministack_patches``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ecr_fargate_constructs.local.metrics.store import Store
from ecr_fargate_constructs.local.metrics.traffic import MINUTE, Traffic
from ecr_fargate_constructs.local.ministack_patches.internals import find
from ecr_fargate_constructs.local.ministack_patches.monitoring.alarms import Alarms
from ecr_fargate_constructs.local.ministack_patches.monitoring.answers import answer_about_metrics
from ecr_fargate_constructs.local.ministack_patches.monitoring.measurements import Measurements
from ecr_fargate_constructs.local.ministack_patches.monitoring.scaling import Scaling
from ecr_fargate_constructs.local.ministack_patches.monitoring.scaling_api import answer_about_scaling

if TYPE_CHECKING:
    from ecr_fargate_constructs.local.clock import Clock
    from ecr_fargate_constructs.local.metrics.store import Scope
    from ecr_fargate_constructs.local.metrics.traffic import Answered
    from ecr_fargate_constructs.local.ministack_patches.health import Blocks

_KEPT = 8 * 86400  # seconds of the clock: alarms look back 7 days at most


class Monitoring:
    """The metrics, alarms and scaling of this process.

    Attributes:
        clock: The clock of the embedded AWS.
        store: The samples of all metrics.
        measurements: Measures resources.
    """

    def __init__(self, clock: Clock, blocks: Blocks) -> None:
        """Start without any record.

        Args:
            clock: The clock of the embedded AWS.
            blocks: Returns whether the network keeps the load balancer from a target.
        """
        self._cloudwatch = import_module("ministack.services.cloudwatch")
        self._responses = import_module("ministack.core.responses")
        self.clock, self.store, self.measurements = clock, Store(), Measurements(blocks)
        self._traffic: dict[Scope, Traffic] = {}
        self._alarms = Alarms(self._cloudwatch, self.store)
        self._scaling = Scaling(self._cloudwatch, self.store, clock)

    def apply(self, handlers: dict[str, Any], provisioners: Any) -> None:  # noqa: ANN401 - an untyped package
        """Patch CloudWatch, and add the resource types of alarms and scaling.

        Args:
            handlers: MiniStack's table of resource types.
            provisioners: MiniStack's module of resource types.
        """
        answer_about_metrics(self._cloudwatch, self.store, self.clock, self.scope)
        self._alarms.apply(handlers, provisioners)
        self._scaling.apply(handlers)
        reset = find(self._cloudwatch, "reset")

        def reset_all() -> None:
            reset()
            self.store.clear()
            self._traffic.clear()
            self._scaling.clear()

        self._cloudwatch.reset = reset_all  # type: ignore[attr-defined]

    def serve(self, application: Any) -> None:  # noqa: ANN401 - an untyped package
        """Add the API of Application Auto Scaling to MiniStack's application.

        Raises:
            MovedError: MiniStack's internals have changed.
        """
        answer_about_scaling(application, import_module("ministack.core.router"), self._scaling, self.clock)

    def observe(self, answered: Answered) -> None:
        """Count an answered request."""
        self._traffic.setdefault(self.scope(), Traffic()).record(answered, self.clock.now())

    def alarm_state(self, name: str) -> str | None:
        """Return the state of a metric alarm or composite alarm in the current account and region; None if unknown."""
        return self._alarms.state(name)

    def minute_ended(self, end: float) -> None:
        """Measure a minute, evaluate the alarms, and scale.

        Args:
            end: End of the minute, in seconds since 1970.
        """
        for scope in self.measurements.scopes() | set(self._traffic) | self._alarms.scopes():
            with self._responses.request_scope(*scope):
                traffic = self._traffic.setdefault(scope, Traffic())
                for metric, sample in self.measurements.measure(traffic, end - MINUTE, self.clock.speed):
                    self.store.add(scope, metric, sample)
                self._alarms.evaluate(scope, end)
                self._scaling.scale(scope, end)
        self.store.forget_before(end - _KEPT)

    def scope(self) -> Scope:
        """Return the current account and region."""
        return str(self._responses.get_account_id()), str(self._responses.get_region())
