"""How a resource's GET form and PUT form relate: one declarative file for each resource."""
