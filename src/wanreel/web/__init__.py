"""The studio: the built page of `web/`, and how it is handed to a browser."""
