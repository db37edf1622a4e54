"""The gate between a release and everything that renders, exports or answers."""
