"""A worker's share of health and limits, to be killed: it says what it did in lines, as fast as it can.

`python -m tests.kill.health_process DSN KEY PER_MINUTE`: grants are printed as their epochs, one a line.
"""

import asyncio
import sys
import time
from datetime import UTC, datetime

import structlog

from activities.health import Health
from activities.limiting import SharedLimiter
from contracts.errors import ErrorKind
from contracts.health import Observed
from contracts.limiting import Granted, RateLimit
from contracts.models import ModelRef
from contracts.policies import Policy
from storage.database import Database
from storage.limits import PostgresBuckets
from workers.health import process_name, running_health

GOOD = ModelRef(provider="sim", model="sim-fast")
BAD = ModelRef(provider="sim", model="sim-down")


def now() -> datetime:
    return datetime.now(UTC)


async def main(dsn: str, key: str, per_minute: float) -> None:
    """Work until killed."""
    database, process = Database(dsn, pool_size=4), process_name()
    health = Health(database, process=process, clock=now, policy=Policy)
    limiter = SharedLimiter(PostgresBuckets(database), {key: RateLimit(per_minute)})
    async with running_health(health, limiter, database, {}, process=process, clock=now, probing=False):
        while True:
            if isinstance(await limiter.acquire(key, now=now()), Granted):
                health.began(GOOD)
                sys.stdout.write(f"{time.time()}\n")
                sys.stdout.flush()
                health.observe(Observed(GOOD, now(), 0.1, first_token=0.05, output_tokens=9))
                health.observe(Observed(BAD, now(), 0.1, kind=ErrorKind.OVERLOADED, status=529), counted=False)
            await asyncio.sleep(0.003)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3])))
