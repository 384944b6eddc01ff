"""cdk-nag's rule packs on any CDK app, and an inventory of acknowledged findings for a reviewer.

``enable(app)`` makes ``app.synth()`` fail on every finding that is not acknowledged; ``inventory(app)`` lists the
acknowledgements. Neither depends on this package's constructs.
"""

from __future__ import annotations

from ecr_fargate_constructs._lazy import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)
