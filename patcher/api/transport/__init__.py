"""HTTP, by way of requests, which nothing else in the package touches."""

from patcher.api.transport.http import AnswerLostError, Exchange, Response, Transport, UnsentError

__all__ = ["AnswerLostError", "Exchange", "Response", "Transport", "UnsentError"]
