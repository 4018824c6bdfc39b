"""What a run can be asked for: one YAML file, checked before anything starts."""
