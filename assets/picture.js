/* Saves a chart as a picture made for a report: title, unit, summary, chart, source, notes and address are inside it. */
window.aim = window.aim || {};
(function (aim) {
  "use strict";
  const WIDTH = 1000;
  const PLOT = 420; // height of the plot itself, px
  const EDGE = 28;
  const FAMILY = getComputedStyle(document.body).fontFamily;
  const pen = document.createElement("canvas").getContext("2d");

  function wrap(text, font) {
    pen.font = `${font.weight || 400} ${font.size}px ${FAMILY}`;
    const lines = [""];
    for (const word of text.split(" ")) {
      const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
      if (pen.measureText(longer).width <= WIDTH - 2 * EDGE) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  }

  const plain = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

  /* Lines of text one under the other; gives the annotations and the height they take. */
  function block(parts, place) {
    const found = [];
    let down = 0;
    for (const { text, font, gap } of parts) {
      if (!text) continue;
      down += gap;
      for (const line of wrap(text, font)) {
        found.push({ ...place(down), text: plain(line), font: { size: font.size, color: font.color, family: FAMILY, weight: font.weight || 400 } });
        down += Math.round(font.size * 1.4);
      }
    }
    return { found, height: down };
  }

  function figureFor(chart, info) {
    const layout = JSON.parse(JSON.stringify(chart.layout));
    const left = Math.max(layout.margin.l, 64);
    const right = Math.max(layout.margin.r, EDGE);
    const soft = { size: 13, color: "#51575f" };
    const fixed = { xref: "paper", yref: "paper", x: 0, xanchor: "left", yanchor: "top", align: "left", showarrow: false, xshift: EDGE - left };
    const head = [
      { text: info.demonstration, font: { size: 13, weight: 600, color: "#9c4a00" }, gap: 0 },
      { text: info.title, font: { size: 22, weight: 700, color: "#1b1b1b" }, gap: 4 },
      { text: info.subtitle, font: { size: 15, color: "#51575f" }, gap: 2 },
      { text: info.summary, font: { size: 15, color: "#1b1b1b" }, gap: 8 },
    ];
    const foot = [info.source, ...info.notes, info.link].map((text, i) => ({ text, font: soft, gap: i ? 3 : 0 }));
    const legend = chart.data.filter((trace) => trace.showlegend !== false && trace.visible !== false).length > 1;
    const top = block(head, () => ({})).height + EDGE + 12 + (legend ? 34 : 0);
    const above = block(head, (down) => ({ ...fixed, y: 1, yshift: top - EDGE - down }));
    const under = 52; // room for the labels of the x axis
    const below = block(foot, (down) => ({ ...fixed, y: 0, yshift: -under - down }));
    layout.annotations = [...(layout.annotations || []), ...above.found, ...below.found];
    Object.assign(layout, {
      width: WIDTH,
      height: top + PLOT + under + below.height + EDGE,
      autosize: false,
      showlegend: legend,
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yanchor: "bottom", font: { size: 13 } },
      margin: { l: left, r: right, t: top, b: under + below.height + EDGE, autoexpand: false },
      paper_bgcolor: "#ffffff",
      plot_bgcolor: "#ffffff",
    });
    return { data: chart.data, layout, config: { staticPlot: true } };
  }

  aim.pictureOf = async function (foot, format) {
    const info = JSON.parse(foot.dataset.export);
    info.link = new URL(info.link, location.origin).href;
    const chart = foot.closest(".card").querySelector(".js-plotly-plot");
    const figure = figureFor(chart, info);
    const size = { width: figure.layout.width, height: figure.layout.height };
    return window.Plotly.toImage(figure, { format, ...size, scale: format === "png" ? 2 : 1 });
  };

  aim.savePicture = async function (foot, format) {
    try {
      const link = document.createElement("a");
      link.href = await aim.pictureOf(foot, format);
      link.download = `${JSON.parse(foot.dataset.export).file}.${format}`;
      link.click();
      aim.say(`The picture was saved as ${link.download}.`);
    } catch {
      aim.say("The picture could not be made. The figures can still be saved as CSV or XLSX.");
    }
  };
})(window.aim);
