"""Models as files: one YAML file a model, git as the memory, one three-way merge both ways."""
