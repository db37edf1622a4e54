/* Charts by keyboard: arrow keys go from figure to figure, each is shown as by the mouse and read out in a live region.
   Left and right follow the periods (or columns), up and down the lines at one period (or rows). */
window.aim = window.aim || {};
(function (aim) {
  "use strict";
  const at = new WeakMap(); // chart → place of the figure last read
  const voice = document.getElementById("reading");
  const plain = (text) => String(text).replace(/( ?)<br>/g, (_, wrapped) => (wrapped ? " " : ", ")).replace(/<[^>]*>/g, "").replace(/&amp;/g, "&").replace(/&lt;/g, "<").replace(/&gt;/g, ">");
  const shown = (trace) => trace.visible !== false && trace.visible !== "legendonly";

  /* Columns of figures: [{name, items: [{curve, point, words}]}], in the order of the axis. */
  function columnsOf(chart) {
    const columns = new Map();
    chart.data.forEach((trace, curve) => {
      if (!shown(trace)) return;
      if (trace.type === "heatmap") return heat(columns, trace, curve);
      const flat = trace.orientation === "h";
      const names = flat ? trace.y : trace.x;
      if (!names) return;
      for (let point = 0; point < names.length; point += 1) {
        const words = trace.hovertext ? trace.hovertext[point] : trace.text && trace.text[point];
        if (words) add(columns, names[point], { curve, point, words: plain(words) });
      }
    });
    const order = orderOf(chart);
    const found = [...columns.entries()].map(([name, items]) => ({ name: String(name), items: distinct(items) }));
    return order ? found.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name)) : found;
  }

  function heat(columns, trace, curve) {
    const words = trace.hovertext || trace.text || [];
    trace.z.forEach((row, i) => row.forEach((_, j) => {
      const said = words[i] && words[i][j];
      if (said) add(columns, trace.x[j], { curve, point: [i, j], words: plain(said) });
    }));
  }

  function add(columns, name, item) {
    if (!columns.has(name)) columns.set(name, []);
    columns.get(name).push(item);
  }

  /* A line drawn in two traces that meet says its words once. */
  function distinct(items) {
    const said = new Set();
    return items.filter((item) => !said.has(item.words) && said.add(item.words));
  }

  function orderOf(chart) {
    const axis = chart._fullLayout && chart._fullLayout.xaxis;
    return axis && axis.type === "category" && axis._categories && axis._categories.length ? axis._categories.map(String) : null;
  }

  const labelOf = (item) => item.words.split(/[:,]/)[0];
  const isFlat = (chart) => chart.data.some((trace) => trace.orientation === "h");

  function move(chart, key) {
    const columns = columnsOf(chart);
    if (!columns.length) return null;
    const place = at.get(chart);
    if (!place) return { column: key === "ArrowLeft" || key === "End" ? columns.length - 1 : 0, row: 0, columns };
    let { column, row } = place;
    const label = place.label;
    const along = isFlat(chart) ? { ArrowDown: 1, ArrowUp: -1 } : { ArrowRight: 1, ArrowLeft: -1 };
    const across = isFlat(chart) ? { ArrowRight: 1, ArrowLeft: -1 } : { ArrowDown: 1, ArrowUp: -1 };
    if (key === "Home") column = 0;
    else if (key === "End") column = columns.length - 1;
    else if (key in along) column += along[key];
    else row += across[key];
    column = Math.max(0, Math.min(columns.length - 1, column));
    const items = columns[column].items;
    // Along the periods the same line goes on, wherever its words stand among those of the period.
    const same = column === place.column ? -1 : items.findIndex((item) => labelOf(item) === label);
    return { column, row: same >= 0 ? same : (row + items.length) % items.length, columns };
  }

  function read(chart, found) {
    const { name, items } = found.columns[found.column];
    const item = items[found.row];
    at.set(chart, { column: found.column, row: found.row, label: labelOf(item) });
    const words = isFlat(chart) || item.words.includes(name) ? item.words : `${name}. ${item.words}`;
    const more = items.length > 1 && !isFlat(chart) ? ` (${found.row + 1} of ${items.length})` : "";
    voice.textContent = words + more;
    try { window.Plotly.Fx.hover(chart, [{ curveNumber: item.curve, pointNumber: item.point }]); } catch { /* only the sight of it is lost */ }
  }

  const KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest && event.target.closest(".chart[tabindex]");
    if (!box || event.ctrlKey || event.altKey || event.metaKey) return;
    if (aim.drawIn) aim.drawIn(box);
    const chart = box.querySelector(".js-plotly-plot");
    if (!chart || !chart.data) return;
    if (event.key === "Escape") return void leave(chart);
    if (!KEYS.has(event.key)) return;
    event.preventDefault();
    const found = move(chart, event.key);
    if (found) read(chart, found);
  });

  document.addEventListener("focusout", (event) => {
    const box = event.target.closest && event.target.closest(".chart[tabindex]");
    const chart = box && box.querySelector(".js-plotly-plot");
    if (chart) leave(chart);
  });

  function leave(chart) {
    if (!at.has(chart)) return;
    at.delete(chart);
    voice.textContent = "";
    try { window.Plotly.Fx.unhover(chart); } catch { /* nothing is shown then */ }
  }

  aim.figuresOf = columnsOf;
})(window.aim);
