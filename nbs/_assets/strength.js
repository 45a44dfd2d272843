/* The strength lam on a real table: accuracy on held-out folds, masks in use, certificate. The numbers were computed
   beforehand and stand in the page (data-table, one list a column); here they are drawn, and a slider goes along them. */
(function () {
  "use strict";
  const { node, path, replace, mount } = window.fixntkKit;
  const HEIGHT = 240, EDGE = { left: 46, right: 12, top: 12, bottom: 42 };
  const PANELS = [
    { key: "right", name: "Right answers on the fold held out", curves: ["tangent", "fixed"] },
    { key: "masks", name: "Masks in use, of 1000", curves: ["masks"] },
  ];
  const CURVES = { tangent: "tangent kernel", fixed: "fully fixed" }, STYLE = { tangent: "tangent", fixed: "fixed", masks: "fixed" };

  /** The columns of a table, least lam first, whatever its order; the places where a column is largest. */
  function read(text) {
    const table = JSON.parse(text), order = table.lam_ratio.map((_, i) => i).sort((a, b) => table.lam_ratio[a] - table.lam_ratio[b]);
    return Object.fromEntries(Object.entries(table).map(([name, column]) => [name, order.map((i) => column[i])]));
  }
  const best = (column) => column.indexOf(Math.max(...column));

  /** What is said at place i of the table. */
  function words(table, i) {
    const share = (name) => `${table[name][i].toFixed(3)} (folds ${table[`${name}_low`][i].toFixed(3)} to ${table[`${name}_high`][i].toFixed(3)})`;
    return `lam is ${table.lam_ratio[i].toPrecision(2)} of the largest. Fully fixed: ${share("fixed")} right, with ${table.masks[i].toFixed(0)} masks `
      + `(${table.masks_low[i]} to ${table.masks_high[i]}) and a gap of at most ${table.gap[i].toExponential(0)}. Tangent kernel: ${share("tangent")}.`;
  }

  function pictureOf(host) {
    const table = read(host.dataset.table), lams = table.lam_ratio, logs = lams.map(Math.log10), most = lams.length - 1;
    const state = { at: best(table.fixed) }, id = `fixntk-strength-${document.querySelectorAll(".fs-slider").length + 1}`;
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "The strength lam on the Wisconsin table");
    replace(host);
    const controls = node("div", { class: "fd-controls" }, host);
    const dial = node("span", { class: "fd-dial" }, controls), label = node("label", { for: id }, dial, "lam / largest lam "), value = node("output", { for: id }, label);
    const slider = node("input", { type: "range", class: "fs-slider", id, min: 0, max: most, step: 1 }, dial);
    const go = (at) => { state.at = Math.max(0, Math.min(most, at)); draw(); };
    slider.addEventListener("input", () => go(Number(slider.value)));
    for (const [name, key] of [["best of the fixed", "fixed"], ["best of the tangent kernel", "tangent"]])
      node("button", { type: "button" }, controls, name).addEventListener("click", () => go(best(table[key])));
    const legend = node("div", { class: "fd-legend" }, host);
    for (const [key, name] of Object.entries(CURVES)) {
      const item = node("span", {}, legend);
      node("line", { class: `fd-line fd-${key}`, x2: 32, y1: 5, y2: 5 }, node("svg", { class: "fd-key", width: 32, height: 10, "aria-hidden": "true" }, item));
      item.append(name);
    }
    const panels = PANELS.map((kind) => {
      const panel = { ...kind };
      const box = node("div", { class: "fd-panel fd-panel-half" }, host);
      node("div", { class: "fd-title", id: `${id}-${panel.key}` }, box, panel.name);
      const svg = node("svg", { class: "fs-plot", height: HEIGHT, role: "img", "aria-labelledby": `${id}-${panel.key}` }, box);
      const near = (event) => { // the strength nearest to the pointer
        const x = event.clientX - svg.getBoundingClientRect().left, far = logs.map((v) => Math.abs(panel.sx(v) - x));
        go(far.indexOf(Math.min(...far)));
      };
      svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); near(event); event.preventDefault(); });
      svg.addEventListener("pointermove", (event) => { if (svg.hasPointerCapture(event.pointerId)) near(event); });
      return Object.assign(panel, { svg });
    });
    const says = node("p", { class: "fd-says", role: "status" }, host);
    node("p", { class: "fd-help" }, host, "Move the slider, or drag in a panel. Bands reach from the worst of the five folds to the best, lines are their means.");

    function drawPanel(panel) {
      const { svg, curves } = panel, width = Math.max(120, svg.parentNode.clientWidth), columns = (end) => curves.map((name) => table[name + end]).flat();
      const [left, right, top, bottom] = [EDGE.left, width - EDGE.right, EDGE.top, HEIGHT - EDGE.bottom];
      const low = panel.key === "masks" ? 0 : Math.floor(20 * Math.min(...columns("_low"))) / 20, high = panel.key === "masks" ? Math.ceil(Math.max(...columns("_high")) / 50) * 50 : 1;
      panel.sx = (v) => left + ((v - logs[0]) / (logs[most] - logs[0])) * (right - left);
      const sy = (v) => bottom - ((v - low) / (high - low)) * (bottom - top);
      svg.setAttribute("width", width);
      svg.replaceChildren();
      const step = panel.key === "masks" ? 50 : 0.05;
      for (let k = 0; low + k * step <= high + 1e-9; k++) {
        const v = low + k * step;
        node("line", { class: "fd-grid", x1: left, x2: right, y1: sy(v), y2: sy(v) }, svg);
        node("text", { x: left - 5, y: sy(v) + 4, "text-anchor": "end" }, svg, panel.key === "masks" ? v : v.toFixed(2));
      }
      for (let v = Math.ceil(logs[0] - 1e-6); v <= logs[most]; v++) node("text", { x: panel.sx(v), y: bottom + 17, "text-anchor": v === Math.ceil(logs[0] - 1e-6) ? "start" : "middle" }, svg, `1e${v}`);
      node("text", { x: (left + right) / 2, y: HEIGHT - 8, "text-anchor": "middle" }, svg, "lam / largest lam");
      for (const name of curves) {
        const way = (end) => logs.map((v, i) => [panel.sx(v), sy(table[name + end][i])]);
        node("path", { class: `fs-band fd-${STYLE[name]}`, d: `${path([...way("_low"), ...way("_high").reverse()])}Z` }, svg);
        node("path", { class: `fd-line fd-${STYLE[name]}`, d: path(way("")) }, svg);
      }
      const x = panel.sx(logs[state.at]);
      node("line", { class: "fs-at", x1: x, x2: x, y1: top, y2: bottom }, svg);
      for (const name of curves) node("circle", { class: `fd-bar fd-${STYLE[name]}`, r: 5, cx: x, cy: sy(table[name][state.at]) }, svg);
    }

    function draw() {
      slider.value = state.at;
      value.textContent = lams[state.at].toPrecision(2);
      says.textContent = words(table, state.at);
      slider.setAttribute("aria-valuetext", says.textContent);
      host.fixntk = { state: { ...state }, table, lam: lams[state.at] };
      panels.forEach(drawPanel);
    }
    draw();
    let width = host.clientWidth;
    new ResizeObserver(() => { if (host.clientWidth !== width) { width = host.clientWidth; draw(); } }).observe(host);
  }

  mount.strength = pictureOf;
})();
