"""Rule packs of cdk-nag on any CDK app, and the list of what was acknowledged, for a reviewer.

``enable(app)`` makes ``app.synth()`` fail on every finding that nobody acknowledged; ``inventory(app)`` lists the
acknowledgements. Neither knows this package's constructs.
"""

from __future__ import annotations

from ecr_fargate_constructs._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
