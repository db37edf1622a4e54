"""The public dashboard: pages, charts, API routes and the serving process, over released figures only."""
