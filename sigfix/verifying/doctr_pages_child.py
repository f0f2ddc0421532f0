"""Read pages with docTR, in this process, which was started for nothing else.

Started through `processes.run_process`. The job is `{"models", "pictures"}`, as `read_pages` takes
them; the answer is `{"pages"}`.
"""

from __future__ import annotations

from typing import Any

from sigfix.processes import do_job
from sigfix.verifying.doctr_pages import read_pages


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Read the pages."""
    return {"pages": read_pages(job["models"], job["pictures"])}


if __name__ == "__main__":
    do_job(work)
