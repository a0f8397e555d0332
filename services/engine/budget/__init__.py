"""Who may send a request, when: never more than the limit in any 60 seconds, in all processes together."""

from services.engine.budget.budget import Budget, Grant
from services.engine.budget.pace import is_about_capacity

__all__ = ["Budget", "Grant", "is_about_capacity"]
