"""Pictures without a browser: figures as SVG, whole cards laid out for a report page, PNG with a font of our own."""
