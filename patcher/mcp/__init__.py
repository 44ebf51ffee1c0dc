"""For agents: the Model Context Protocol server behind ``patch-model mcp``."""
