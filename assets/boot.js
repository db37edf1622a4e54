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

  const UNDER_CHARTS = /-(foot|notes)$/; // parts that are written once the charts are on the screen

  /* Does it after the next frame, the first asked first; gives what calls it off. */
  aim.afterPaint = function (work) {
    let wanted = true;
    const now = () => { if (wanted) work(); };
    if (document.hidden) window.setTimeout(now, 0);
    else window.requestAnimationFrame(() => window.setTimeout(now, 0));
    return () => { wanted = false; };
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
    useLayoutEffect(() => {
      const write = () => { if (place.current) place.current.innerHTML = html; };
      if (typeof html !== "string") take(place.current, id);
      else if (UNDER_CHARTS.test(id)) return aim.afterPaint(write);
      else write();
      aim.rendered(place.current);
    }, [html]);
    return createElement(tag || "div", { id, className, ref: place });
  }

  function Chart({ id, figure }) {
    const place = useRef(null);
    useLayoutEffect(() => take(place.current, id), []);
    useEffect(() => show(place.current, figure), [figure]);
    return createElement("div", { id, className: "graph", ref: place });
  }

  window.aim_monitor = { Address: () => null, Screen: () => null, Root, Box, Html, Chart };

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

  let fresh = []; // charts with a new figure, all of one answer

  function show(place, figure) {
    if (!fresh.length) queueMicrotask(showFresh);
    fresh.push([place, figure]);
  }

  /* Where all of them are is measured before the first is drawn: each drawing makes the browser lay out the page anew. */
  function showFresh() {
    const shown = fresh.filter(([place]) => place.isConnected);
    fresh = [];
    const seen = shown.map(([place]) => Boolean(window.Plotly) && inSight(place));
    shown.forEach(([place, figure], i) => {
      near.unobserve(place);
      waiting.delete(place);
      const plot = place.querySelector(".js-plotly-plot");
      if (!figure.data.length) {
        if (plot) forget(plot);
        place.replaceChildren();
        return;
      }
      waiting.set(place, figure);
      if (!window.Plotly) return;
      if (seen[i]) return void draw(place);
      if (plot) plot.style.visibility = "hidden"; // what it shows is of the selection before
    });
    // Those out of sight come after those in sight are on the screen.
    aim.afterPaint(() => shown.forEach(([place]) => { if (waiting.has(place) && window.Plotly) near.observe(place); }));
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
    plot.style.visibility = "";
    window.Plotly.react(plot, figure.data, { ...figure.layout, autosize: true, height: undefined, width: undefined }, CONFIG);
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
    const view = document.documentElement.dataset.view;
    own[`${view}-url`] = { search: location.search };
    own[`${view}-screen`] = { data: narrow ? "narrow" : "wide" };
    fill(page.layout);
    const known = { "/_dash-layout": page.layout, "/_dash-dependencies": page.dependencies };
    window.fetch = function (address, options) {
      const found = known[address];
      if (!found) return address === UPDATE ? updated(options) : fetch(address, options);
      delete known[address];
      const headers = new Headers({ "content-type": "application/json" });
      return Promise.resolve({ ok: true, status: 200, headers, json: () => Promise.resolve(found) });
    };
    new window.DashRenderer({});
  }

  /* ---- What a reader asks for is asked at once; Dash, whose turn comes a little later, is given the same answer. */
  const UPDATE = "/_dash-update-component";
  const PATIENCE = 5000; // ms that the page has to show an answer
  const fetch = window.fetch.bind(window);
  const { output, inputs } = page.dependencies[0];
  const outputs = output.slice(2, -2).split("...").map((one) => one.split("."));
  let early = null; // what is asked: the values of the callback's inputs, and the answer under way

  aim.askEarly = function (search, screen) {
    const values = [search, screen];
    const changed = [`${inputs[0].id}.${inputs[0].property}`];
    const body = {
      output,
      outputs: outputs.map(([id, property]) => ({ id, property })),
      inputs: inputs.map((one, i) => ({ ...one, value: values[i] })),
      changedPropIds: changed,
      parsedChangedPropsIds: changed,
    };
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    const options = { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin" };
    early = { values, answer: followed(search, fetch(UPDATE, options)) };
  };

  function updated(options) {
    const asked = early;
    early = null;
    const wanted = JSON.parse(options.body).inputs.map((one) => one.value);
    if (asked && wanted.every((value, i) => value === asked.values[i])) return asked.answer;
    return followed(wanted[0], fetch(UPDATE, options));
  }

  /* What is no answer is told at once; one that is not on the page a while after it came has failed there. */
  function followed(search, answer) {
    answer.then((response) => {
      const isAnswer = response.status === 200 && (response.headers.get("content-type") || "").includes("json");
      window.setTimeout(() => aim.failedUnlessShown(search), isAnswer ? PATIENCE : 0);
    }, () => aim.failedUnlessShown(search));
    return answer;
  }

  /* Plotly comes last; without it pictures stand, and another selection is a page of the server's. */
  let ready = 0;
  function check() {
    ready += 1;
    if (ready < 2) return;
    if (window.Plotly) drawFirst();
    else aim.withoutCharts();
  }
  aim.whenMounted = () => window.setTimeout(check, 0);
  document.addEventListener("DOMContentLoaded", check);
  start();
})(window.aim);
