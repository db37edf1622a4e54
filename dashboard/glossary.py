"""Terms within texts: each becomes a button that opens its definition, without any script."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from data_access.reference.glossary import Term


class Glossary:
    """Marks the terms of a glossary in texts."""

    def __init__(self, terms: Iterable[Term]) -> None:
        self.terms = tuple(terms)
        self._ids = {phrase.casefold(): term.id for term in self.terms for phrase in term.phrases}
        phrases = sorted(self._ids, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, phrases))})(?!\w)", re.IGNORECASE)

    def marked(self, text: str) -> Markup:
        """A text as markup, escaped, with each of its terms marked where it first stands."""
        said: set[str] = set()
        parts: list[Markup] = []
        end = 0
        for found in self._pattern.finditer(text):
            id_ = self._ids[found[0].casefold()]
            if id_ not in said:
                said.add(id_)
                parts += [escape(text[end : found.start()]), self.term(id_, found[0])]
                end = found.end()
        return Markup("").join([*parts, escape(text[end:])])

    def term(self, id_: str, words: str) -> Markup:
        """Words that open the definition of a term; raises KeyError for an id that is none."""
        if id_ not in {term.id for term in self.terms}:
            raise KeyError(id_)
        return Markup('<button type="button" class="term" popovertarget="t-{}">{}</button>').format(id_, words)
