"""Who may send a request, when: never more than the limit in any 60 seconds, in all processes together."""

from services.engine.budget.budget import Budget, Grant

__all__ = ["Budget", "Grant"]
