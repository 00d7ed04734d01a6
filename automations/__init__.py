"""The language of automations: definition, expressions, validation, interpreter. Pure."""
