"""The REST API: authenticate, validate, and turn a route into a workflow."""
