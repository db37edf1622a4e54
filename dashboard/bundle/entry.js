// Plotly with what the figures of this project are made of: lines, bars, heat maps, annotations, shapes, hover labels.
// The same as plotly.js/lib/core, without sliders, menus, images and annotations in space.
import registry from "plotly.js/src/registry";
import api from "plotly.js/src/plot_api";
import plots from "plotly.js/src/plots/plots";
import { version } from "plotly.js/src/version";
import "plotly.js/build/plotcss";
import scatter from "plotly.js/src/traces/scatter";
import bar from "plotly.js/src/traces/bar";
import heatmap from "plotly.js/src/traces/heatmap";
import annotations from "plotly.js/src/components/annotations";
import selections from "plotly.js/src/components/selections";
import shapes from "plotly.js/src/components/shapes";
import grid from "plotly.js/src/components/grid";
import errorbars from "plotly.js/src/components/errorbars";
import colorscale from "plotly.js/src/components/colorscale";
import colorbar from "plotly.js/src/components/colorbar";
import legend from "plotly.js/src/components/legend";
import fx from "plotly.js/src/components/fx";
import modebar from "plotly.js/src/components/modebar";
import english from "plotly.js/src/locale-en";
import american from "plotly.js/src/locale-en-us";

registry.register(Object.entries(api).map(([name, fn]) => ({ moduleType: "apiMethod", name, fn })));
registry.register([scatter, bar, heatmap]);
// Legend after shapes, and hover labels after the legend: defaults of one build on the other.
registry.register([annotations, selections, shapes, grid, errorbars, colorscale, colorbar, legend, fx, modebar]);
registry.register([english, american]);
window.Plotly = {
  ...Object.fromEntries(Object.entries(api).filter(([name]) => !name.startsWith("_"))),
  version,
  Plots: { resize: plots.resize, graphJson: plots.graphJson },
  Fx: { hover: fx.hover, unhover: fx.unhover, loneHover: fx.loneHover, loneUnhover: fx.loneUnhover },
};
