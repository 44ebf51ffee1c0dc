"""Models as files: one YAML file per model, merged with the live model by three-way merge."""
