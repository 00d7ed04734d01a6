"""Apps as data: the manifest model, the catalogue, the HTTP executor."""
