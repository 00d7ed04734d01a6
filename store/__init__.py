"""What Inlay remembers: SQLAlchemy models, sessions and migrations."""
