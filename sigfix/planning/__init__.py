"""Description + the user's choices -> typed edits with their origin, or why there are none."""

from sigfix.planning.choices import Choices
from sigfix.planning.edits import Plan
from sigfix.planning.planner import plan

__all__ = ["Choices", "Plan", "plan"]
