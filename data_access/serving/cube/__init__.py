"""Published cells as arrays, and the arithmetic allowed on them."""
