"""What shows how Inlay is used: a third-party app with its connector, and a demonstration."""
