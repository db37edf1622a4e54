"""One module a chart: a Released in, a Plotly figure as a plain dictionary out."""
