"""Locks among machines: leases in a bucket.

Whoever loses a lease, because it was suspended or cut off, learns it before it writes a head: see `verify`.
"""

import contextlib
import random
import threading
import time
import uuid
from collections.abc import Iterator

from pydantic import BaseModel, ValidationError

from reel_pipeline.errors import EngineUnavailable, HeadConflict
from reel_pipeline.objects.bucket import Bucket
from reel_pipeline.objects.locks import Locks, log, say_who, this_run

LEASE_S = 30.0
"""For how many seconds a lease holds that is not renewed; its holder renews it every third of that, 10 s. So the next
run of a killed run's product waits up to 31 s."""
CLOCK_STEP_S = 1.0
"""Seconds that a lease is older before it counts as over, since S3 tells time in whole seconds: 31 s, not 30."""
MARGIN_S = 2.0
"""Seconds by which a holder gives its own lease up early, more than one write takes: 28 s after it was renewed."""
POLL_S = (0.2, 3.0)
"""Seconds before the second look at a lease that somebody holds, and at most between any two; each wait is half as long
again as the one before."""

_leases: dict[tuple[str, str, int], "Lease"] = {}
"""(place, name, thread) -> what this process holds, or has lost and not yet let go."""


class BucketLocks(Locks):
    """Leases: small objects that their holder renews and that anybody may take over once they run out.

    How old a lease is, the bucket tells by its own clock, so the clocks of two machines are never compared.
    """

    def __init__(self, bucket: Bucket, lease_s: float = LEASE_S) -> None:
        super().__init__(bucket.address)
        self._bucket, self._lease_s = bucket, lease_s

    @contextlib.contextmanager
    def _taken(self, name: str) -> Iterator[None]:
        lease, mine = self._acquire(name), (self.place, name, threading.get_ident())
        _leases[mine] = lease
        try:
            yield
        finally:
            del _leases[mine]
            lease.release()

    def _acquire(self, name: str) -> "Lease":
        key, waited_s, said = _lease_key(name), POLL_S[0], False
        while True:
            found = self._bucket.get(key)
            content = LeaseContent.read(found.data) if found else None
            if not found or not content or content.is_over(found.age_s):
                lease = Lease(self._bucket, key, self._lease_s)
                with contextlib.suppress(HeadConflict):
                    return lease.take(found.tag if found else None)
                continue
            if not said:
                say_who(name, content.owner)
                said = True
            time.sleep(waited_s * random.uniform(0.7, 1.3))
            waited_s = min(waited_s * 1.5, POLL_S[1])

    def names(self) -> list[str]:
        return [key.removeprefix("locks/").removesuffix(".json") for key in self._bucket.list("locks/")]

    def holder(self, name: str) -> str | None:
        found = self._bucket.get(_lease_key(name))
        content = LeaseContent.read(found.data) if found else None
        return content.owner if found and content and not content.is_over(found.age_s) else None

    def verify(self, name: str) -> None:
        mine = _leases.get((self.place, name, threading.get_ident()))
        # A thread that the holder started answers for all that its process holds of this name.
        held = [mine] if mine else [lease for key, lease in list(_leases.items()) if key[:2] == (self.place, name)]
        if any(lease.is_lost() for lease in held):
            raise HeadConflict(
                f"This run was cut off from {self.place} for too long and another one may have taken over {name}; "
                "run this SKU again."
            )


class LeaseContent(BaseModel):
    """What lies in the bucket for a lease.

    `token` and `renewals` make every version's bytes, and so its entity tag, another one.
    """

    owner: str
    token: str
    lease_s: float
    renewals: int = 0
    released: bool = False

    @classmethod
    def read(cls, data: bytes) -> "LeaseContent | None":
        """None when it can't be read: such a lease protects nobody."""
        try:
            return cls.model_validate_json(data)
        except ValidationError:
            return None

    def is_over(self, age_s: float) -> bool:
        """Whether anybody may take it over, `age_s` seconds after it was written."""
        return self.released or age_s > self.lease_s + CLOCK_STEP_S


class Lease:
    """One holding of one name, renewed by a thread of its own until it is released or lost."""

    def __init__(self, bucket: Bucket, key: str, lease_s: float) -> None:
        self._bucket, self._key = bucket, key
        self._content = LeaseContent(owner=this_run(), token=uuid.uuid4().hex, lease_s=lease_s)
        self._tag: str | None = None
        self._good_until = 0.0
        self._taken_over = False
        self._ended = threading.Event()
        self._renewer = threading.Thread(target=self._keep, name=f"lease {key}", daemon=True)

    def take(self, expected_tag: str | None) -> "Lease":
        """Write it over what was read (None: nothing); raises `HeadConflict` when somebody else was faster."""
        self._tag = expected_tag
        self._write(self._content)
        self._renewer.start()
        return self

    def is_lost(self) -> bool:
        """Whether somebody has taken it over, or may have by now."""
        return self._taken_over or time.monotonic() > self._good_until

    def release(self) -> None:
        """Overwritten, not deleted: Ceph ignores a delete's condition, and the name may be somebody else's by now."""
        self._ended.set()
        self._renewer.join()
        if not self._taken_over:
            with contextlib.suppress(HeadConflict, EngineUnavailable):  # then it runs out by itself
                self._write(self._content.model_copy(update={"released": True}))

    def _keep(self) -> None:
        while not self._taken_over and not self._ended.wait(self._content.lease_s / 3):
            try:
                self._write(self._content.model_copy(update={"renewals": self._content.renewals + 1}))
            except HeadConflict:
                self._taken_over = True
            except EngineUnavailable as error:
                log.warning("%s could not be renewed: %s", self._key, error)

    def _write(self, content: LeaseContent) -> None:
        asked_at = time.monotonic()
        self._tag = self._bucket.swap(self._key, content.model_dump_json().encode(), self._tag)
        self._content = content
        self._good_until = asked_at + max(content.lease_s - MARGIN_S, content.lease_s / 2)


def _lease_key(name: str) -> str:
    return f"locks/{name}.json"
