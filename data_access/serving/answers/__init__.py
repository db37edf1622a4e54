"""Answers as files and JSON: one writer for pages, API, exports and `query`; and what is made of several answers."""
