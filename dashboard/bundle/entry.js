// Lines (in the core), bars and heat maps: all that the figures of this project are made of.
import Plotly from "plotly.js/lib/core";
import bar from "plotly.js/lib/bar";
import heatmap from "plotly.js/lib/heatmap";

Plotly.register([bar, heatmap]);
window.Plotly = Plotly;
