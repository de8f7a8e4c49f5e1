"""Counters of the edge in the text format that Prometheus reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Final

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the duration histogram, in seconds."""


@dataclass(slots=True)
class Metrics:
    """What the edge has done since it started; labels are from closed sets, never from the caller's text."""

    requests: Counter[tuple[str, str]] = field(default_factory=Counter)
    buckets: Counter[tuple[str, float]] = field(default_factory=Counter)
    seconds: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    lock: Lock = field(default_factory=Lock)

    def request(self, kind: str, status: int, seconds: float) -> None:
        """Count one request of a kind (`query`, `mutation`, `channel`, …)."""
        with self.lock:
            self.requests[kind, str(status)] += 1
            self.seconds[kind] += seconds  # type: ignore[assignment]  # a Counter sums seconds as well
            for bound in BUCKETS:
                if seconds <= bound:
                    self.buckets[kind, bound] += 1

    def error(self, code: str) -> None:
        """Count one error by its code."""
        with self.lock:
            self.errors[code] += 1

    def text(self) -> str:
        """Write everything in the exposition format."""
        with self.lock:
            lines = ["# TYPE zhudai_requests_total counter"]
            lines += [
                f'zhudai_requests_total{{kind="{kind}",status="{status}"}} {count}'
                for (kind, status), count in sorted(self.requests.items())
            ]
            lines.append("# TYPE zhudai_request_seconds histogram")
            for kind in sorted(self.seconds):
                total = sum(count for (one, _), count in self.requests.items() if one == kind)
                lines += [
                    f'zhudai_request_seconds_bucket{{kind="{kind}",le="{bound}"}} {self.buckets[kind, bound]}'
                    for bound in BUCKETS
                ]
                lines.append(f'zhudai_request_seconds_bucket{{kind="{kind}",le="+Inf"}} {total}')
                lines.append(f'zhudai_request_seconds_sum{{kind="{kind}"}} {self.seconds[kind]:.6f}')
                lines.append(f'zhudai_request_seconds_count{{kind="{kind}"}} {total}')
            lines.append("# TYPE zhudai_errors_total counter")
            lines += [f'zhudai_errors_total{{code="{code}"}} {count}' for code, count in sorted(self.errors.items())]
        return "\n".join(lines) + "\n"
