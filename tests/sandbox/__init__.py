"""The sandbox, tested from outside, over HTTP, and through the official SDK."""
