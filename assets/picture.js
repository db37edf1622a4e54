/* What a chart card can be taken away as: pictures made for a report, links, citations, code for a frame.
   A picture holds title, unit, summary, chart, source, notes and address; dashboard/pictures lays out the same. */
window.aim = window.aim || {};
(function (aim) {
  "use strict";
  const WIDTH = 1000;
  const LEAST = 400; // height of a chart that is not as high as its rows, px
  const EDGE = 28;
  const ROW = 24; // of the legend
  const FAMILY = getComputedStyle(document.body).fontFamily;
  const pen = document.createElement("canvas").getContext("2d");

  function wrap(text, font) {
    pen.font = `${font.weight || 400} ${font.size}px ${FAMILY}`;
    const lines = [""];
    for (const word of text.split(" ").flatMap((one) => pieces(one))) {
      const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
      if (pen.measureText(longer).width <= WIDTH - 2 * EDGE) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines;
  }

  /* A word wider than a line, such as an address, in parts that fit; before '&' where that can be. */
  function pieces(word) {
    const found = [];
    let rest = word;
    while (rest.length > 1 && pen.measureText(rest).width > WIDTH - 2 * EDGE) {
      let most = rest.length;
      while (pen.measureText(rest.slice(0, most)).width > WIDTH - 2 * EDGE) most -= 1;
      const nice = rest.lastIndexOf("&", most - 1);
      const end = nice > most / 2 ? nice : most;
      found.push(rest.slice(0, end));
      rest = rest.slice(end);
    }
    return [...found, rest];
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

  /* Entries of the legend that are shown and whose name does not stand at the end of a line. */
  function keysOf(foot, chart) {
    const written = (chart.layout.annotations || []).filter((label) => label.visible !== false).map((label) => label.text);
    const boxes = [...foot.querySelectorAll(".toggles label")].filter((box) => box.querySelector("input").checked);
    const keys = boxes.map((box) => {
      const line = box.querySelector(".key line");
      const mark = box.querySelector(".key path");
      return {
        label: box.textContent.trim(),
        color: line.getAttribute("stroke"),
        dash: line.hasAttribute("stroke-dasharray") ? "6px,4px" : "solid",
        fill: mark && mark.getAttribute("fill"),
      };
    });
    return keys.filter((key) => !written.some((text) => text === key.label || (text.endsWith("…") && key.label.startsWith(text.slice(0, -1)))));
  }

  /* The legend as shapes and words, `up` px above the plot and further rows below; gives also its height. */
  function legendOf(keys, left, up) {
    const found = { shapes: [], words: [], height: 0 };
    if (!keys.length) return found;
    pen.font = `13px ${FAMILY}`;
    let x = EDGE;
    for (const key of keys) {
      const needed = 30 + 8 + pen.measureText(key.label).width;
      if (x > EDGE && x + needed > WIDTH - EDGE) { x = EDGE; found.height += ROW; }
      const y = up - found.height - ROW / 2;
      const at = { xref: "paper", yref: "paper", xsizemode: "pixel", ysizemode: "pixel", xanchor: 0, yanchor: 1, layer: "above" };
      found.shapes.push({ ...at, type: "line", x0: x - left, x1: x - left + 30, y0: y, y1: y, line: { color: key.color, width: 2.5, dash: key.dash } });
      if (key.fill) found.shapes.push({ ...at, type: "circle", x0: x - left + 11.5, x1: x - left + 18.5, y0: y - 3.5, y1: y + 3.5, fillcolor: key.fill, line: { color: key.color, width: 2 } });
      found.words.push({ xref: "paper", yref: "paper", x: 0, y: 1, xanchor: "left", yanchor: "middle", xshift: x - left + 38, yshift: y, showarrow: false, text: plain(key.label), font: { size: 13, color: "#1b1b1b", family: FAMILY } });
      x += needed + 24;
    }
    found.height += ROW;
    return found;
  }

  function figureFor(foot, chart, info) {
    const layout = JSON.parse(JSON.stringify(chart.layout));
    const inner = { ...layout.margin };
    const rows = chart.closest(".card").querySelector("[data-rows]");
    const high = rows ? chart.clientHeight : Math.max(LEAST, chart.clientHeight);
    const plot = high - inner.t - inner.b;
    const left = inner.l + EDGE;
    const soft = { size: 13, color: "#51575f" };
    const fixed = { xref: "paper", yref: "paper", x: 0, xanchor: "left", yanchor: "top", align: "left", showarrow: false, xshift: EDGE - left };
    const head = [
      { text: info.demonstration, font: { size: 13, weight: 600, color: "#9c4a00" }, gap: 0 },
      { text: info.title, font: { size: 22, weight: 600, color: "#1b1b1b" }, gap: 4 },
      { text: info.subtitle, font: { size: 15, color: "#51575f" }, gap: 2 },
      { text: info.summary, font: { size: 15, color: "#1b1b1b" }, gap: 8 },
    ];
    const events = [...chart.closest(".card").querySelectorAll(".events li")].map((line) => `${line.value} = ${(line.querySelector("a") || line).textContent.trim()}`);
    const lines = [events.join("; "), info.source, ...info.notes, info.link].map((text, i) => ({ text, font: soft, gap: i ? 3 : 0 }));
    const keys = keysOf(foot, chart);
    const words = EDGE + block(head, () => ({})).height + 8;
    const top = words + legendOf(keys, left, 0).height + 8 + inner.t;
    const legend = legendOf(keys, left, top - words);
    const above = block(head, (down) => ({ ...fixed, y: 1, yshift: top - EDGE - down }));
    const under = inner.b + 12;
    const below = block(lines, (down) => ({ ...fixed, y: 0, yshift: -under - down }));
    layout.annotations = [...(layout.annotations || []), ...above.found, ...legend.words, ...below.found];
    layout.shapes = [...(layout.shapes || []), ...legend.shapes];
    Object.assign(layout, {
      width: WIDTH,
      height: top + plot + under + below.height + EDGE,
      autosize: false,
      showlegend: false,
      margin: { l: left, r: inner.r + EDGE, t: top, b: under + below.height + EDGE, autoexpand: false },
      paper_bgcolor: "#ffffff",
      plot_bgcolor: "#ffffff",
    });
    return { data: chart.data, layout, config: { staticPlot: true } };
  }

  aim.pictureOf = async function (foot, format) {
    const info = JSON.parse(foot.dataset.export);
    info.link = new URL(info.link, location.origin).href;
    const chart = foot.closest(".card").querySelector(".js-plotly-plot");
    const figure = figureFor(foot, chart, info);
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

  /* ---- Buttons; cards are written anew with each answer, so listen above them. */
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-take]");
    for (const panel of document.querySelectorAll(".panel[open]")) if (!panel.contains(event.target)) panel.open = false;
    if (!button) return;
    const kind = button.dataset.take;
    if (kind === "link") copy(new URL(button.dataset.link, location.origin).href, "The link was copied.");
    else if (kind === "text") copy(document.getElementById(button.dataset.from).textContent.trim(), "The text was copied.");
    else if (hasDrawn(button.closest(".card"))) {
      // Until the live chart stands, the server's picture is the one to take: the link is followed.
      event.preventDefault();
      aim.savePicture(button.closest(".foot"), kind);
    }
  });

  /* Whether a card has its chart, which is drawn first if it waited for its turn. */
  function hasDrawn(card) {
    if (aim.drawIn) aim.drawIn(card);
    return card.querySelector(".js-plotly-plot .main-svg");
  }

  document.addEventListener("keydown", (event) => {
    const panel = event.key === "Escape" && event.target.closest(".panel[open]");
    if (!panel) return;
    panel.open = false;
    panel.querySelector("summary").focus();
  });

  /* The day of access is today, where the reader is. */
  document.addEventListener("toggle", (event) => {
    const line = event.target.matches(".panel[open]") && event.target.querySelector("[data-accessed]");
    if (!line) return;
    const today = new Date().toLocaleDateString("en-US", { year: "numeric", month: "short", day: "numeric" });
    line.textContent = `Accessed ${today}.`;
  }, true);

  async function copy(text, done) {
    try {
      await navigator.clipboard.writeText(text);
      aim.say(done);
    } catch {
      window.prompt("Copy this:", text);
    }
  }

  /* ---- On paper a chart is as wide as the sheet. */
  const SHEET = 690; // px, letter paper between its margins
  let live = [];
  function toPaper() {
    if (live.length || !window.Plotly) return;
    if (aim.drawIn) aim.drawIn(document.body);
    live = [...document.querySelectorAll(".js-plotly-plot")].filter((chart) => chart.querySelector(".main-svg"));
    const head = document.querySelector("#react-entry-point .view-head");
    if (head) aim.say(head.dataset.status); // in place of word of what was saved last
    const address = document.querySelector("[data-address]");
    if (address) address.textContent = location.href;
    for (const chart of live) window.Plotly.relayout(chart, { autosize: false, width: SHEET, height: chart.clientHeight });
  }
  function fromPaper() {
    for (const chart of live) window.Plotly.relayout(chart, { autosize: true, width: null, height: null });
    live = [];
  }
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
  window.matchMedia("print").addEventListener("change", (event) => (event.matches ? toPaper() : fromPaper()));
})(window.aim);
