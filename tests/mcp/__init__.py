"""The server for agents, driven by the official client over a real pipe."""
