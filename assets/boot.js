/* From the page as the server wrote it to the live one. The page holds all that its first view needs: what is on it is
   moved into Dash's components, its figures are drawn as they come into sight, and nothing is asked of the server. */
window.aim = window.aim || {};
(function (aim) {
  "use strict";
  if (!window.React || !window.DashRenderer) return void aim.withoutCharts();
  const { createElement, useEffect, useLayoutEffect, useRef } = window.React;
  const first = document.getElementById("first-view");
  const CONFIG = {
    displayModeBar: false,
    showSendToCloud: false,
    plotlyServerURL: "",
    topojsonURL: "/none/",
    responsive: false,
    scrollZoom: false,
    doubleClick: false,
    showTips: false,
    displaylogo: false,
  };

  const places = new Map(); // id of a part → its element
  const shown = new Map(); // id of a part → the markup or figure that it shows, or will after the next paint

  /* Does it in the frame after the next, the first asked first: what changes now is on the screen by then. */
  aim.afterPaint = function (work) {
    if (document.hidden) window.setTimeout(work, 0);
    else window.requestAnimationFrame(() => window.requestAnimationFrame(work));
  };

  /* ---- Components; their other half is dashboard/components/own.py. */
  function take(place, id) {
    const part = first.querySelector(`[data-part="${id}"]`);
    if (part) place.replaceChildren(...part.childNodes);
  }

  function Root({ id, className, children }) {
    useLayoutEffect(() => aim.mounted(), []);
    return createElement("div", { id, className }, children);
  }

  function Box({ id, tag, className, attributes, children }) {
    return createElement(tag || "div", { id, className, ...attributes }, children);
  }

  function Html({ id, html, tag, className }) {
    const place = useRef(null);
    useLayoutEffect(() => register(id, place.current), []);
    useLayoutEffect(() => {
      if (typeof html === "string") putMarkup(id, html);
      else take(place.current, id);
    }, [html]);
    return createElement(tag || "div", { id, className, ref: place });
  }

  function Chart({ id, figure }) {
    const place = useRef(null);
    useLayoutEffect(() => {
      register(id, place.current);
      take(place.current, id);
    }, []);
    useEffect(() => putFigure(id, figure), [figure]);
    return createElement("div", { id, className: "graph", ref: place });
  }

  window.aim_monitor = { Address: () => null, Screen: () => null, Root, Box, Html, Chart };

  /* ---- Parts. What stands there already is left as it is, so an answer can be put on the page before Dash has it. */
  const late = new Set(); // ids of parts that are written after the next paint

  function putMarkup(id, html, isLate = false) {
    if (shown.get(id) === html) return;
    shown.set(id, html);
    if (!isLate) return void write(id);
    if (!late.size) aim.afterPaint(writeLate);
    late.add(id);
  }

  function writeLate() {
    for (const id of late) write(id);
    late.clear();
  }

  function write(id) {
    places.get(id).innerHTML = shown.get(id);
  }

  function putFigure(id, figure) {
    if (shown.get(id) === figure) return;
    const place = places.get(id);
    if (shown.has(id)) place.style.visibility = "hidden"; // chart or picture of the selection before
    shown.set(id, figure);
    if (!fresh.length) queueMicrotask(showFresh);
    fresh.push([place, figure]);
  }

  /* Elements of parts and whether they are in sight, as of the last frame; nothing of those that are not laid out. To
     measure it when an answer comes would make the browser lay out the page once more. */
  const sight = new Map();
  const looking = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting, boundingClientRect } of entries) {
      if (boundingClientRect.width > 0) sight.set(target, isIntersecting);
      else sight.delete(target);
    }
  });

  function register(id, place) {
    places.set(id, place);
    looking.observe(place);
  }

  const isOutOfSight = (id) => sight.get(places.get(id)) === false;

  /* ---- Charts are drawn when they are in sight or near it; until then the server's picture stands, or nothing. */
  const waiting = new Map(); // element of a chart → its figure that is not drawn yet
  const widths = new WeakMap();
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
  }, { rootMargin: "600px 0px" });
  const sizes = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const known = widths.get(target);
      widths.set(target, contentRect.width);
      if (known !== undefined && known !== contentRect.width && contentRect.width > 0) window.Plotly.Plots.resize(target);
    }
  });

  let fresh = []; // places of charts with a new figure, all of one answer, and the figures

  function showFresh() {
    const changed = fresh;
    fresh = [];
    for (const [place, figure] of changed) {
      near.unobserve(place);
      waiting.delete(place);
      const plot = place.querySelector(".js-plotly-plot");
      if (!figure.data.length) {
        if (plot) forget(plot);
        place.replaceChildren();
        place.style.visibility = "";
        continue;
      }
      waiting.set(place, figure);
      if (!window.Plotly) continue;
      if (sight.get(place)) draw(place);
    }
    // Those out of sight come after those in sight are on the screen.
    aim.afterPaint(() => changed.forEach(([place]) => { if (waiting.has(place) && window.Plotly) near.observe(place); }));
  }

  function inSight(place) {
    const { top, bottom, width } = place.getBoundingClientRect();
    return width > 0 && bottom > 0 && top < window.innerHeight;
  }

  function draw(place) {
    const figure = waiting.get(place);
    waiting.delete(place);
    near.unobserve(place);
    if (!figure) return;
    let plot = place.querySelector(":scope > .plot");
    if (!plot) {
      plot = document.createElement("div");
      plot.className = "plot";
      place.replaceChildren(plot);
      sizes.observe(plot);
    }
    place.style.visibility = "";
    const layout = { ...figure.layout, autosize: true, height: undefined, width: undefined };
    try {
      window.Plotly.react(plot, figure.data, layout, CONFIG);
    } catch (error) { // what the chart showed before must not stand under other words
      console.error(error);
      forget(plot);
      place.textContent = "This chart could not be drawn; its table has the figures.";
    }
  }

  function forget(plot) {
    sizes.unobserve(plot);
    window.Plotly.purge(plot);
  }

  /* The charts in sight one after the other, with room for the reader's input between; then the page is live. */
  function drawFirst() {
    const next = [...waiting.keys()].find(inSight);
    if (next) {
      draw(next);
      window.setTimeout(drawFirst, 0);
      return;
    }
    for (const place of waiting.keys()) near.observe(place);
    aim.goLive();
  }

  /* Draws what waits: in one card, or all of it. */
  aim.drawIn = function (card) {
    writeLate();
    if (!window.Plotly) return;
    for (const place of [...waiting.keys()]) if (card.contains(place)) draw(place);
  };

  /* ---- Dash asks for layout and callbacks; the page has them, with the first figures in their places. */
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const narrow = window.matchMedia("(max-width: 48rem)").matches;
  const own = { ...page.wide, ...(narrow ? page.narrow : {}) };

  function fill(component) {
    const { props } = component;
    Object.assign(props, own[props.id]);
    if (Array.isArray(props.children)) props.children.forEach(fill);
  }

  function start() {
    told = [location.search, narrow ? "narrow" : "wide"];
    inputs.forEach(({ id, property }, i) => { own[id] = { [property]: told[i] }; });
    fill(page.layout);
    const known = { "/_dash-layout": page.layout, "/_dash-dependencies": page.dependencies };
    window.fetch = function (address, options) {
      const found = known[address];
      if (!found) return address === UPDATE ? handed(options) : fetch(address, options);
      delete known[address];
      return Promise.resolve(answered(found));
    };
    new window.DashRenderer({});
  }

  /* ---- What a reader asks for is asked at once, and its answer is put on the page as it comes. After the paint Dash is
     told, asks for the same, and is given what is there. */
  const UPDATE = "/_dash-update-component";
  const fetch = window.fetch.bind(window);
  const { output, inputs } = page.dependencies[0];
  const outputs = output.slice(2, -2).split("...").map((one) => one.split("."));
  const [[head]] = outputs; // the heading of the view, which tells what the page is of
  let latest = null; // what was asked last: values of the callback's inputs, and the answer once it is on the page
  let told = []; // the values that Dash knows of

  aim.ask = async function (search, screen) {
    const asked = (latest = { values: [search, screen], answer: null });
    const answer = await answerTo(asked.values).catch(() => null);
    if (asked !== latest) return;
    if (!answer) return void aim.failed();
    try {
      putAnswer(answer.response);
    } catch (error) {
      aim.failed();
      throw error;
    }
    asked.answer = answer;
    aim.rendered();
    aim.afterPaint(() => tell(asked));
  };

  async function answerTo(values) {
    const changed = [`${inputs[0].id}.${inputs[0].property}`];
    const body = {
      output,
      outputs: outputs.map(([id, property]) => ({ id, property })),
      inputs: inputs.map((one, i) => ({ ...one, value: values[i] })),
      changedPropIds: changed,
      parsedChangedPropsIds: changed,
    };
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    const response = await fetch(UPDATE, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" });
    return response.status === 200 ? response.json() : null;
  }

  /* Charts in sight come first, while nothing else on the page has to be laid out, but after words that tell of another
     number of rows: the height of a ranking goes by it. What is out of sight comes after the paint. */
  function putAnswer(parts) {
    const figures = Object.entries(parts).filter(([, { figure }]) => figure);
    const words = Object.entries(parts).filter(([, { html }]) => typeof html === "string");
    for (const [id, { html }] of words) if (isOfOtherHeight(id, html)) putMarkup(id, html);
    for (const [id, { figure }] of figures) putFigure(id, figure);
    showFresh();
    for (const [id, { html }] of words) putMarkup(id, html, id !== head && isOutOfSight(id));
  }

  function isOfOtherHeight(id, html) {
    const now = places.get(id).querySelector("[data-rows]");
    const next = /data-rows="(\d+)"/.exec(html);
    return (now ? now.dataset.rows : "") !== (next ? next[1] : "");
  }

  function tell(asked) {
    if (asked !== latest) return;
    const known = told;
    told = asked.values;
    inputs.forEach(({ id, property }, i) => {
      if (told[i] !== known[i]) window.dash_clientside.set_props(id, { [property]: told[i] });
    });
  }

  /* Dash's own request: it gets the answer on the page; where that is another one, nothing. */
  function handed(options) {
    const wanted = JSON.parse(options.body).inputs.map((one) => one.value);
    const isThere = latest && latest.answer && wanted.every((value, i) => value === latest.values[i]);
    return Promise.resolve(isThere ? answered(latest.answer) : { ok: true, status: 204, headers: new Headers() });
  }

  /* A response as Dash reads it. */
  function answered(found) {
    const headers = new Headers({ "content-type": "application/json" });
    return { ok: true, status: 200, headers, json: () => Promise.resolve(found) };
  }

  /* Plotly comes last; without it pictures stand, and another selection is a page of the server's. */
  let ready = 0;
  function check() {
    ready += 1;
    if (ready < 2) return;
    if (window.Plotly) drawFirst();
    else if (latest) location.reload(); // the pictures are of a selection before
    else aim.withoutCharts();
  }
  aim.whenMounted = () => window.setTimeout(check, 0);
  document.addEventListener("DOMContentLoaded", check);
  start();
})(window.aim);
