"""The API: the page's own query, answered as JSON, CSV, XLSX or Parquet, from the same released figures.

`endpoints.ENDPOINTS` is the one table of what there is: routes, the OpenAPI document and the page /api are made of it.
"""

from __future__ import annotations

from dashboard.api.routes import add_api

__all__ = ["add_api"]
