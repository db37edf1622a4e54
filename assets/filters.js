/* The filter bar: controls to address and back. Without this file the bar is a plain form that loads the page anew. */
window.aim = window.aim || {};
(function (aim) {
  "use strict";
  const form = document.getElementById("filters");
  if (!form) { aim.fillForm = () => {}; return; }
  const pickers = [...form.querySelectorAll(".picker[data-picker]")];
  const seconds = [...form.querySelectorAll(".picker[data-second]")];
  const selects = [...form.querySelectorAll("select")];
  const choices = [...form.querySelectorAll("[data-choices]")];
  const opener = document.querySelector(".sheet-open");
  const boxesOf = (picker) => [...picker.querySelectorAll(".picker-list input")];
  const checkedIn = (picker) => boxesOf(picker).filter((box) => box.checked);
  const firstOf = (second) => pickers.find((picker) => picker.dataset.picker === second.dataset.second);
  const wordsOf = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^a-z0-9.]+/g, " ");

  /* ---- The address that the controls ask for; what equals its default is left out. */
  function chosen() {
    const found = {};
    for (const picker of pickers) {
      const values = boxesOf(picker).filter((box) => box.checked).map((box) => box.value);
      if (values.length && values.join(" ") !== picker.dataset.default) found[picker.dataset.picker] = values;
    }
    for (const select of selects) if (select.value !== select.dataset.default) found[select.name] = [select.value];
    for (const set of choices) {
      const values = [...set.querySelectorAll("input:checked")].map((box) => box.value);
      if (values.length && values.join(" ") !== set.dataset.default) found[set.dataset.choices] = values;
    }
    const compared = second();
    if (compared) found.compare = [compared];
    return found;
  }

  /* The second selection: what is not chosen anew is that of the first. */
  function second() {
    if (!seconds.some((picker) => checkedIn(picker).length)) return "";
    const query = new URLSearchParams();
    for (const picker of seconds) {
      const own = checkedIn(picker).length ? picker : firstOf(picker);
      for (const box of checkedIn(own)) query.append(picker.dataset.second, box.value);
    }
    return query.toString();
  }

  /* Its lists are copies of the first ones, made when they are needed. */
  function fillSeconds() {
    for (const picker of seconds) {
      const list = picker.querySelector(".picker-list");
      if (list.children.length) continue;
      for (const item of firstOf(picker).querySelectorAll(".picker-list > li")) {
        const copy = item.cloneNode(true);
        const box = copy.querySelector("input");
        if (box) { box.removeAttribute("name"); box.checked = false; }
        list.append(copy);
      }
    }
  }

  function showSecond(text) {
    const query = new URLSearchParams(text || "");
    if (text) fillSeconds();
    for (const picker of seconds) {
      const values = new Set(query.getAll(picker.dataset.second));
      for (const box of boxesOf(picker)) {
        box.checked = [box.value, ...(box.dataset.also || "").split(" ")].some((id) => id && values.has(id));
        if (box.checked) box.closest("li").classList.add("found");
      }
    }
  }

  function search() {
    const query = new URLSearchParams();
    const named = new Set([...pickers.map((p) => p.dataset.picker), ...selects.map((s) => s.name), ...choices.map((c) => c.dataset.choices)]);
    if (seconds.length) named.add("compare");
    for (const [name, values] of Object.entries(chosen())) values.forEach((value) => query.append(name, value));
    for (const [name, value] of new URLSearchParams(location.search)) if (!named.has(name)) query.append(name, value);
    if (query.get("measure") !== "share") query.delete("of");
    const text = query.toString();
    return text ? `?${text}` : "";
  }

  /* ---- The controls that an address asks for. */
  aim.fillForm = function (text) {
    const query = new URLSearchParams(text);
    const wanted = (name, usual) => (query.has(name) ? query.getAll(name) : usual.split(" "));
    for (const picker of pickers) {
      const values = new Set(wanted(picker.dataset.picker, picker.dataset.default));
      for (const box of boxesOf(picker)) {
        box.checked = [box.value, ...(box.dataset.also || "").split(" ")].some((id) => id && values.has(id));
        if (box.checked) box.closest("li").classList.add("found");
      }
      if (!boxesOf(picker).some((box) => box.checked)) check(picker, picker.dataset.default);
    }
    for (const select of selects) {
      select.value = wanted(select.name, select.dataset.default)[0];
      if (select.selectedIndex < 0) select.value = select.dataset.default;
    }
    for (const set of choices) {
      const values = wanted(set.dataset.choices, set.dataset.default);
      for (const box of set.querySelectorAll("input")) box.checked = values.includes(box.value);
    }
    showSecond(query.get("compare"));
    describe();
  };

  function check(picker, value) {
    for (const box of boxesOf(picker)) if (box.value === value) box.checked = true;
  }

  /* ---- What overlaps counts once, so choosing a part lets go of the whole, and the other way round. */
  function keepDisjoint(picker, box) {
    const parents = (one) => (one.dataset.parents || "").split(" ");
    const usual = picker.dataset.default;
    for (const other of boxesOf(picker)) {
      if (!box.checked || other === box) continue;
      const overlaps = parents(box).includes(other.value) || parents(other).includes(box.value);
      if (overlaps || (other.value === usual && box.value !== usual)) other.checked = false;
    }
    if (!boxesOf(picker).some((one) => one.checked)) check(picker, usual);
  }

  /* In a second selection a new choice of something that overlaps takes the place of the old one; none is allowed. */
  function keepApart(picker, box) {
    const parents = (one) => (one.dataset.parents || "").split(" ");
    for (const other of checkedIn(picker)) {
      if (other !== box && (parents(box).includes(other.value) || parents(other).includes(box.value))) other.checked = false;
    }
  }

  function describe() {
    for (const picker of [...pickers, ...seconds]) {
      const names = boxesOf(picker).filter((box) => box.checked).map((box) => box.nextElementSibling.textContent);
      const text = names.length > 2 ? `${names[0]} and ${names.length - 1} more` : names.join(", ");
      picker.querySelector(".picker-value").textContent = text || (picker.dataset.second ? "The same" : "Any");
    }
    const end = form.querySelector("[data-compare-end]");
    if (end) end.hidden = !second();
    const count = Object.keys(chosen()).length;
    document.getElementById("filter-count").textContent = count ? `(${count})` : "";
    const of = form.querySelector('[data-choices="of"]');
    if (of && form.elements.measure) of.hidden = form.elements.measure.value !== "share";
  }

  function keepOrder(changed) {
    const { from, to } = form.elements;
    if (from.value <= to.value) return;
    if (changed === from) to.value = from.value;
    else from.value = to.value;
  }

  form.addEventListener("change", (event) => {
    const control = event.target;
    const picker = control.closest(".picker");
    if (control.type === "search") return;
    if (picker && picker.dataset.second) keepApart(picker, control);
    else if (picker) keepDisjoint(picker, control);
    const set = control.closest("[data-choices]");
    if (set && !set.querySelector("input:checked")) control.checked = true;
    if (control.name === "from" || control.name === "to") keepOrder(control);
    aim.go(search());
    describe();
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    aim.go(search());
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-compare-end]")) {
      showSecond("");
      describe();
      aim.go(search());
      return;
    }
    if (!event.target.closest("[data-reset]")) return;
    event.preventDefault();
    aim.fillForm("");
    aim.go("");
  });

  /* ---- Pickers: find by code, name or trade word; close on Escape and on a click elsewhere. */
  const every = [...pickers, ...seconds];
  const COMMON = new Set(["aluminum", "aluminium", "of", "and", "from", "the"]); // words that tell nothing apart here

  /* Words and codes are found by how they begin: "rod" finds rods, not products. */
  function startsIn(item, word) {
    item.dataset.text ||= ` ${wordsOf([...item.querySelectorAll("span")].map((one) => one.textContent).concat(item.dataset.words || "").join(" "))}`;
    return item.dataset.text.includes(` ${word}`);
  }

  for (const picker of every) {
    const field = picker.querySelector("input[type=search]");
    field.addEventListener("input", () => {
      const items = [...picker.querySelectorAll(".picker-list li")];
      const words = wordsOf(field.value).split(" ").filter((word) => word && !COMMON.has(word));
      let hits = 0;
      for (const item of items) {
        const deep = item.classList.contains("deep");
        if (!words.length) {
          item.hidden = false;
          item.classList.toggle("found", deep && item.querySelector("input").checked);
          hits += 1;
          continue;
        }
        const hit = !item.classList.contains("group-name") && words.every((word) => startsIn(item, word));
        item.hidden = !hit;
        item.classList.toggle("found", deep && hit);
        hits += hit;
      }
      picker.querySelector(".picker-empty").hidden = hits > 0;
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      const first = wordsOf(field.value).trim() && picker.querySelector(".picker-list li:not([hidden]) input");
      if (first && !first.checked) first.click();
    });
    picker.addEventListener("toggle", () => {
      if (!picker.open) return;
      if (picker.dataset.second) fillSeconds();
      for (const other of every) if (other !== picker) other.open = false;
      field.focus();
    });
    picker.addEventListener("keydown", (event) => {
      // Who types in an open picker means its field, wherever in the list the focus is (a space still checks a box).
      const typed = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
      if (picker.open && typed && event.target !== field) field.focus();
      if (event.key !== "Escape" || !picker.open) return;
      event.stopPropagation();
      picker.open = false;
      picker.querySelector("summary").focus();
    });
  }
  document.addEventListener("click", (event) => {
    for (const picker of every) if (picker.open && !picker.contains(event.target)) picker.open = false;
  });

  /* ---- On a phone the bar is a sheet over the page. */
  function sheet(open) {
    form.classList.toggle("open", open);
    document.documentElement.classList.toggle("sheet-is-open", open);
    opener.setAttribute("aria-expanded", String(open));
    const rest = [...document.body.children, ...form.parentElement.children].filter((one) => !one.contains(form));
    for (const one of rest) one.inert = open;
    if (open) {
      form.setAttribute("role", "dialog");
      form.setAttribute("aria-modal", "true");
      form.querySelector("[data-sheet-close]").focus();
    } else {
      form.removeAttribute("role");
      form.removeAttribute("aria-modal");
      opener.focus();
    }
  }
  opener.addEventListener("click", () => sheet(true));
  form.addEventListener("click", (event) => { if (event.target.closest("[data-sheet-close]")) sheet(false); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && form.classList.contains("open")) sheet(false);
  });
  window.matchMedia("(max-width: 48rem)").addEventListener("change", () => {
    if (form.classList.contains("open")) sheet(false);
  });

  /* What a reader chose before this file ran. */
  function isChanged(one) {
    if (one.type === "checkbox" || one.type === "radio") return one.checked !== one.defaultChecked;
    return one.tagName === "SELECT" && [...one.options].some((option) => option.selected !== option.defaultSelected);
  }
  const early = [...form.elements].some(isChanged);
  if (!early) showSecond(new URLSearchParams(location.search).get("compare"));
  describe();
  if (early && window.DashRenderer) document.addEventListener("aim:live", () => aim.go(search()), { once: true });
  else if (early) aim.go(search());
})(window.aim);
