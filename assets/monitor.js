/* Ties the page to Dash: the address is the state, a change of it is one callback, and what comes back is announced.
   `filters.js` turns controls into addresses, `picture.js` saves charts, `boot.js` brings the page to life. */
window.aim = window.aim || {};
(function (aim) {
  "use strict";
  const root = document.documentElement;
  const view = root.dataset.view;
  const narrow = window.matchMedia("(max-width: 48rem)");
  const state = { shown: null, mounted: false, live: false, gone: -Infinity };
  const LATE = 8000; // ms after which it is told in words
  const SLOW = 150; // ms after which a change is seen to be under way
  const TOGETHER = 600; // ms between two changes that are one step back in the browser's history
  const byId = (id) => document.getElementById(id);

  /* ---- Going to another selection. */
  aim.go = function (search) {
    if (search === location.search) return;
    if (!state.mounted) return void location.assign(location.pathname + search);
    const now = performance.now();
    const step = now - state.gone < TOGETHER ? "replaceState" : "pushState";
    state.gone = now;
    ask(search);
    history[step]({}, "", location.pathname + search);
  };

  function ask(search) {
    aim.ask(search, narrow.matches ? "narrow" : "wide");
    startLoading();
    followLinks(search);
  }

  window.addEventListener("popstate", () => {
    if (!view) return;
    const isThere = location.search === state.shown && !("busy" in root.dataset) && !root.classList.contains("is-failed");
    if (isThere) return;
    if (!state.mounted) return void location.reload();
    aim.fillForm(location.search);
    ask(location.search);
  });

  /* On a phone the header's links are one row that scrolls; the one of this page is in sight. */
  const here = document.querySelector(".site-nav [aria-current]");
  const strip = here && here.closest(".site-nav");
  if (strip) strip.scrollLeft = here.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;

  narrow.addEventListener("change", () => {
    if (state.mounted) ask(location.search);
  });

  /* An answer that comes soon changes nothing else on the page. */
  function startLoading() {
    if (root.classList.contains("is-failed")) {
      root.classList.remove("is-failed");
      byId("failed").textContent = "";
    }
    root.dataset.busy = "";
    forgetTimers();
    state.slow = window.setTimeout(() => root.classList.add("is-loading"), SLOW);
    state.late = window.setTimeout(() => aim.say("The figures for this selection are still on their way."), LATE);
  }

  function forgetTimers() {
    window.clearTimeout(state.slow);
    window.clearTimeout(state.late);
  }

  function endLoading() {
    forgetTimers();
    root.classList.remove("is-loading");
    delete root.dataset.busy;
  }

  function followLinks(search) {
    for (const link of document.querySelectorAll("a[data-path]")) link.href = link.dataset.path + search;
    for (const link of document.querySelectorAll("a[data-comment]")) {
      link.href = link.dataset.comment.replace("%7Bview%7D", encodeURIComponent(link.dataset.at + search));
    }
  }

  /* ---- What came back. */
  aim.rendered = function () {
    const head = document.querySelector("#react-entry-point .view-head");
    state.shown = head.dataset.search;
    for (const box of document.querySelectorAll(".toggles input")) box.checked = true;
    if (!state.mounted) return;
    aim.say(head.dataset.status);
    document.title = head.dataset.title;
    // What is out of sight is written after the paint and is part of the answer; the reader may have gone on by then.
    aim.afterPaint(() => { if (state.shown === location.search) endLoading(); });
  };

  /* What was asked last could not be answered. */
  aim.failed = function () {
    endLoading();
    const box = byId("failed");
    const words = document.createElement("p");
    const again = document.createElement("a");
    again.href = location.pathname + location.search;
    again.textContent = "Load the page again";
    words.append(box.dataset.words, " ", again);
    box.replaceChildren(words);
    root.classList.add("is-failed");
  };

  aim.say = function (text) {
    const line = byId("status");
    if (line && line.textContent !== text) line.textContent = text;
  };

  /* ---- From the page as the server wrote it to the live one: first its parts, then the charts in sight. */
  aim.mounted = function () {
    aim.rendered();
    state.mounted = true;
    byId("first-view").remove();
    root.classList.add("mounted");
    aim.whenMounted();
  };

  aim.goLive = function () {
    if (state.live) return;
    state.live = true;
    root.classList.add("live");
    if (location.hash.length > 1) {
      const target = byId(location.hash.slice(1));
      if (target) {
        target.tabIndex = -1;
        target.scrollIntoView();
        target.focus({ preventScroll: true });
      }
    }
    document.dispatchEvent(new CustomEvent("aim:live"));
  };

  aim.withoutCharts = function () {
    state.mounted = false;
    byId("reading").textContent = "The charts of this page could not be loaded; pictures stand in their place.";
  };

  /* ---- Boxes of the chart cards; they are written anew with each answer, so listen above them. */
  document.addEventListener("change", (event) => {
    const box = event.target.closest("[data-traces]");
    if (!box) return;
    const chart = box.closest(".card").querySelector(".js-plotly-plot");
    if (!chart) return;
    showChosen(chart, [...box.closest(".toggles").querySelectorAll("[data-traces]")]);
  });

  /* A trace is shown while every box that has it is checked; the value axis then fits what is shown. */
  function showChosen(chart, boxes) {
    const hidden = new Set(boxes.filter((one) => !one.checked).flatMap((one) => one.dataset.traces.split(" ").map(Number)));
    const known = [...new Set(boxes.flatMap((one) => one.dataset.traces.split(" ").map(Number)))];
    const axis = chart.layout.yaxis;
    axis.whole = axis.whole || { range: axis.range, ticks: axis.tickvals, words: axis.ticktext };
    const change = {};
    const [low, high] = hidden.size ? fit(chart, known.filter((i) => !hidden.has(i)), axis.whole.range) : axis.whole.range;
    change["yaxis.range"] = [low, high];
    change["yaxis.tickmode"] = hidden.size ? "auto" : "array";
    change["yaxis.tickformat"] = ",";
    change["yaxis.nticks"] = 6;
    const labels = (chart.layout.annotations || []).map((label, i) => ({ i, trace: Number(label.name), named: /^\d+$/.test(label.name || "") }));
    const ends = labels.filter((label) => label.named);
    for (const end of ends) {
      const same = chart.data[end.trace].legendgroup.split("-").slice(1).join("-");
      end.own = known.filter((i) => !hidden.has(i) && (i === end.trace || (same && chart.data[i].legendgroup.endsWith(`-${same}`))));
      end.at = end.own.length ? lastOf(chart, end.own) : null;
    }
    const shown = ends.filter((end) => end.at !== null).sort((a, b) => a.at - b.at);
    const least = ((high - low) * 16) / chart._fullLayout.yaxis._length;
    let floor = low;
    for (const end of shown) { end.y = Math.max(end.at, floor); floor = end.y + least; }
    let ceiling = high;
    for (const end of shown.reverse()) { end.y = Math.min(end.y, ceiling); ceiling = end.y - least; }
    for (const end of ends) {
      change[`annotations[${end.i}].visible`] = end.at !== null;
      if (end.at !== null) change[`annotations[${end.i}].y`] = end.y;
    }
    const visible = known.map((i) => !hidden.has(i));
    window.Plotly.update(chart, { visible }, change, known);
  }

  function fit(chart, traces, whole) {
    const values = traces.flatMap((i) => chart.data[i].y).filter((value) => value !== null && Number.isFinite(value));
    const top = Math.max(0, ...values);
    return top > 0 ? [whole[0], whole[0] + (top - whole[0]) * 1.06] : whole;
  }

  function lastOf(chart, traces) {
    let found = null;
    let place = -1;
    for (const i of traces) {
      const y = chart.data[i].y;
      let last = y.length - 1;
      while (last >= 0 && y[last] === null) last -= 1;
      if (last > place) { place = last; found = y[last]; }
    }
    return found;
  }
})(window.aim);
