"""Parts of a page: filter bar, chart card, data table."""
