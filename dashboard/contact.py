"""The link "Comment on this view": it carries the address of the view, so that an answer can start from it."""

from __future__ import annotations

from urllib.parse import quote, urlencode, urlsplit, urlunsplit

CONTACT = "AIM_CONTACT"
"""Key of the application's configuration."""
PLACE = "{view}"
"""Stands for the address in a link that a script fills in (assets/monitor.js)."""
SUBJECT = "Comment on the AIM Monitor"
BODY = "View: {address}\n\n"


def contact_link(contact: str, view: str) -> str:
    """Where a comment on the view at an address goes: mail with subject and address, or a web address with `view`."""
    if not contact or not view:
        return contact
    if contact.startswith("mailto:"):
        return f"{contact}?subject={quote(SUBJECT)}&body={quote(BODY.format(address=view))}"
    parts = urlsplit(contact)
    query = "&".join(filter(None, (parts.query, urlencode({"view": view}))))
    return urlunsplit(parts._replace(query=query))
