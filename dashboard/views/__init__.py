"""One module a page; `views.base` holds what they share."""
