"""Read a page with docTR, in this process, which was started for nothing else.

Started through `processes.run_process`. The job is `{"models", "picture"}`, as `read_page` takes
them; the answer is `{"page"}`.
"""

from __future__ import annotations

from typing import Any

from sigfix.processes import do_job
from sigfix.verifying.doctr_pages import read_page


def work(job: dict[str, Any]) -> dict[str, Any]:
    """Read the page."""
    return {"page": read_page(job["models"], job["picture"])}


if __name__ == "__main__":
    do_job(work)
