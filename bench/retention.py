"""Time of a policy of twenty rules over a growing number of images: ``python bench/retention.py``.

The command prints the seconds for each size and their growth, as the exponent of a power law (1 is linear).
"""

from __future__ import annotations

import math
import random
import time
from datetime import datetime, timedelta, timezone

from ecr_fargate_constructs._rules.simulation import EcrImage
from ecr_fargate_constructs.repository.retention import ExpireUntagged, KeepNewest, Retention

SIZES = (12_500, 25_000, 50_000, 100_000)
RULES = 20
NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)


def images(count: int) -> list[EcrImage]:
    """Return images in random order, with tags of forty families."""
    chance = random.Random(7)
    made = [
        EcrImage(
            pushed_at=NOW - timedelta(minutes=number),
            tags=(f"team{number % 40}-{number}",) if number % 10 else (),
            digest=f"sha256:{number:064x}",
        )
        for number in range(count)
    ]
    chance.shuffle(made)
    return made


def main() -> None:
    """Measure."""
    retention = Retention(
        [ExpireUntagged(1), *(KeepNewest(100, tag_prefixes=[f"team{number}-"]) for number in range(RULES - 1))]
    )
    seconds = {}
    for size in SIZES:
        given = images(size)
        best = math.inf
        for _ in range(3):
            begun = time.perf_counter()
            retention.simulate(given, NOW)
            best = min(best, time.perf_counter() - begun)
        seconds[size] = best
        print(f"{size:7} images, {RULES} rules: {best:.2f} s")
    exponent = math.log(seconds[SIZES[-1]] / seconds[SIZES[0]]) / math.log(SIZES[-1] / SIZES[0])
    print(f"grows with the {exponent:.2f}th power of the number of images")


if __name__ == "__main__":
    main()
