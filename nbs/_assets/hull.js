/* All mixtures of the four masks of two unit vectors, a tetrahedron to turn, and the way of the weights through it.
   The numbers come from kit.js; here they are drawn, and take mouse, touch and keys. */
(function () {
  "use strict";
  const { dot, total, fitAt, newton, node, numbers, path, replace, shown, mount } = window.fixntkKit;
  const NAMES = ["both", "first", "second", "none"], PASS = [[1, 1], [1, 0], [0, 1], [0, 0]];
  const STEPS = 60, HEIGHT = 340, BARS = 190;

  // ---- The numbers -------------------------------------------------------------------------------------------------
  /** Shares that add up to one; null where all weights are zero. */
  const part = (weights) => { const sum = total(weights); return sum > 0 ? weights.map((v) => v / sum) : null; };

  /** Masks, weights and kernels of the samples (1, 0) and (cos, sin) of an angle in degrees. Pure. */
  function compute(angle, y, lam) {
    const turn = (angle * Math.PI) / 180, rows = [[1, 0], [Math.cos(turn), Math.sin(turn)]];
    const apart = turn / (2 * Math.PI), shares = [0.5 - apart, apart, apart, 0.5 - apart];
    const blocks = PASS.map((open) => [0, 1].map((c) => rows.map((row, i) => open[i] * row[c])));
    const entries = (weights) => [[0, 0], [1, 1], [0, 1]].map(([k, l]) =>
      total(PASS.map((open, i) => weights[i] * open[k] * open[l])) * dot(rows[k], rows[l]));
    const turns = [fitAt(blocks, y, shares, lam)];
    while (turns.length <= STEPS) turns.push(fitAt(blocks, y, turns[turns.length - 1].weights, lam));
    const quick = newton(blocks, y, lam, shares), fixed = quick[quick.length - 1];
    const best = fixed.objective < dot(y, y) * (1 - 1e-12) ? part(fixed.weights) : null;
    const way = turns.map((fit) => part(fit.used)); // before each step: the first is the tangent kernel's
    return { shares, turns, fixed, best, way, corners: NAMES.map((_, i) => entries(NAMES.map((_, j) => (i === j ? 1 : 0)))),
      tangent: entries(shares), kernels: way.map((w) => w && entries(w)), goal: best && entries(best) };
  }

  // ---- The view ----------------------------------------------------------------------------------------------------
  /** Entries (K11, K22, K12), seen after a turn about the vertical axis K12 and a tilt: right, up, towards the eye. */
  function seen([a, b, c], turn, tilt) {
    const [x, y, z] = [a - 0.5, b - 0.5, c * 0.9 - 0.2], [s, t] = [(turn * Math.PI) / 180, (tilt * Math.PI) / 180];
    const deep = Math.sin(s) * x + Math.cos(s) * y;
    return [Math.cos(s) * x - Math.sin(s) * y, z * Math.cos(t) + deep * Math.sin(t), z * Math.sin(t) - deep * Math.cos(t)];
  }

  /** Whether the face through corners a, b, c turns its back; d is the corner inside. */
  function isBehind([a, b, c, d]) {
    const u = b.map((v, i) => v - a[i]), v = c.map((w, i) => w - a[i]), inside = d.map((w, i) => w - a[i]);
    const normal = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
    return normal[2] * (dot(normal, inside) > 0 ? -1 : 1) <= 0;
  }

  function pictureOf(host) {
    const data = host.dataset, id = `fixntk-hull-${document.querySelectorAll(".fh-view").length + 1}`;
    const first = () => ({ angle: Number(data.angle || 60), y: numbers(data.y, [4, 1]).slice(), lam: Number(data.lam || 2),
      steps: Number(data.steps || 0), turn: 25, tilt: 18 });
    const state = first(), dials = [];
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "The hull of the kernels of two samples, to turn");
    replace(host);
    const controls = node("div", { class: "fd-controls" }, host);
    function dial(name, least, most, step, get, set, show) {
      const pair = node("span", { class: "fd-dial" }, controls), here = `${id}-${dials.length}`;
      const label = node("label", { for: here }, pair, `${name} `), value = node("output", { for: here }, label);
      const input = node("input", { type: "range", id: here, min: least, max: most, step }, pair);
      input.addEventListener("input", () => { set(Number(input.value)); draw(); });
      dials.push(() => { input.value = get(); value.textContent = show(get()); });
    }
    dial("first target", -4, 4, 0.1, () => state.y[0], (v) => { state.y[0] = v; }, (v) => v.toFixed(1));
    dial("second target", -4, 4, 0.1, () => state.y[1], (v) => { state.y[1] = v; }, (v) => v.toFixed(1));
    dial("lam", -2, 1, 0.01, () => Math.log10(state.lam), (v) => { state.lam = 10 ** v; }, () => state.lam.toPrecision(2));
    dial("angle", 10, 170, 1, () => state.angle, (v) => { state.angle = v; }, (v) => `${v}°`);
    const button = (text, act) => node("button", { type: "button" }, controls, text).addEventListener("click", () => { act(); draw(); });
    button("one step", () => { state.steps = Math.min(STEPS, state.steps + 1); });
    button("back", () => { state.steps = Math.max(0, state.steps - 1); });
    button("reset", () => Object.assign(state, first()));

    const box = node("div", { class: "fd-panel" }, host);
    node("div", { class: "fd-title" }, box, "All mixtures of the four masks, as points (K11, K22, K12)");
    const svg = node("svg", { class: "fh-view", height: HEIGHT, tabindex: 0, role: "slider", "aria-label": "View of the hull",
      "aria-valuemin": -180, "aria-valuemax": 180 }, box);
    const bars = node("div", { class: "fd-panel" }, host);
    node("div", { class: "fd-title", id: `${id}-bars` }, bars, "Share of each mask in the kernel");
    const shares = node("svg", { height: BARS, role: "img", "aria-labelledby": `${id}-bars` }, bars);
    const says = node("p", { class: "fd-says", role: "status" }, host);
    node("p", { class: "fd-help" }, host, "Drag the picture to turn it, or focus it and use the arrow keys. Edges behind are dashed; the thin line drops to the "
      + "floor K12 = 0. Circle: tangent kernel. Dots: rounds of reweighting, a square around the one shown. Diamond: the optimum. The bars have the same colours.");

    const turnBy = (across, up) => {
      state.turn = ((state.turn + across + 540) % 360) - 180;
      state.tilt = Math.max(-90, Math.min(90, state.tilt + up));
      draw();
    };
    let last = null;
    svg.addEventListener("pointerdown", (event) => { svg.setPointerCapture(event.pointerId); svg.focus(); last = [event.clientX, event.clientY]; event.preventDefault(); });
    svg.addEventListener("pointermove", (event) => {
      if (!last || !svg.hasPointerCapture(event.pointerId)) return;
      const [x, y] = last;
      last = [event.clientX, event.clientY];
      turnBy(0.5 * (last[0] - x), 0.5 * (last[1] - y));
    });
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { last = null; });
    svg.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 15 : 5;
      const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
      if (!by) return;
      event.preventDefault();
      turnBy(...by);
    });

    function drawHull(result) {
      const width = Math.max(120, box.clientWidth), size = Math.min(width * 0.52, HEIGHT * 0.85), { turn, tilt } = state;
      svg.setAttribute("width", width);
      svg.setAttribute("aria-valuenow", Math.round(turn));
      svg.setAttribute("aria-valuetext", `turned ${Math.round(turn)} degrees, tilted ${Math.round(tilt)} degrees`);
      svg.replaceChildren();
      const look = (point) => seen(point, turn, tilt);
      const at = (point) => { const [x, y] = look(point); return [width / 2 + size * x, HEIGHT / 2 - size * y]; };
      const line = (from, to, name) => node("path", { class: name, d: path([at(from), at(to)]) }, svg);
      const eyes = result.corners.map(look);
      const others = (i, j) => [0, 1, 2, 3].filter((k) => k !== i && k !== j);
      for (let i = 0; i < 4; i++) for (let j = 0; j < i; j++) {
        const [k, l] = others(i, j), hidden = isBehind([eyes[i], eyes[j], eyes[k], eyes[l]]) && isBehind([eyes[i], eyes[j], eyes[l], eyes[k]]);
        line(result.corners[i], result.corners[j], hidden ? "fh-edge fh-hidden" : "fh-edge");
      }
      result.corners.forEach((corner, i) => {
        const [x, y] = at(corner), [cx, cy] = [width / 2, HEIGHT / 2], far = Math.hypot(x - cx, y - cy) || 1;
        node("circle", { class: "fh-corner", r: 3, cx: x, cy: y }, svg);
        node("text", { x: x + (12 * (x - cx)) / far, y: y + 4 + (14 * (y - cy)) / far, "text-anchor": x > cx + 20 ? "start" : x < cx - 20 ? "end" : "middle" }, svg, NAMES[i]);
      });
      const now = result.kernels[state.steps];
      node("path", { class: "fd-line fd-partly fh-way", d: path(result.kernels.slice(0, 41).map((K) => K && at(K))) }, svg);
      for (const K of result.kernels.slice(0, 41)) if (K) node("circle", { class: "fd-bar fd-partly", r: 2.4, cx: at(K)[0], cy: at(K)[1] }, svg);
      if (now) line(now, [now[0], now[1], 0], "fh-drop");
      const mark = (point, name, shape) => { const [x, y] = at(point); node("path", { class: name, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, d: shape }, svg); };
      if (result.goal) mark(result.goal, "fd-bar fd-fixed", "M0 -9L9 0L0 9L-9 0Z");
      mark(result.tangent, "fd-bar fd-tangent", "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0 -6 0Z");
      if (now) mark(now, "fh-now", "M-5 -5H5V5H-5Z");
    }

    function drawShares(result) {
      const width = Math.max(120, bars.clientWidth), [left, floor, top] = [40, BARS - 42, 12], wide = (width - left - 8) / 4;
      shares.setAttribute("width", width);
      shares.replaceChildren();
      const sy = (v) => floor - v * (floor - top);
      for (const v of [0, 0.5, 1]) {
        node("line", { class: "fd-grid", x1: left, x2: width - 8, y1: sy(v), y2: sy(v) }, shares);
        node("text", { x: left - 5, y: sy(v) + 4, "text-anchor": "end" }, shares, v);
      }
      const kinds = { tangent: result.shares, partly: result.way[state.steps], fixed: result.best };
      NAMES.forEach((name, i) => {
        Object.entries(kinds).forEach(([key, w], j) => w && node("rect", { class: `fd-bar fd-${key}`, x: left + wide * (i + 0.14 + 0.25 * j), y: sy(w[i]),
          width: wide * 0.22, height: floor - sy(w[i]) }, shares));
        PASS[i].forEach((open, j) => node("circle", { class: open ? "fd-open" : "fd-shut", r: 3.2, cx: left + wide * (i + 0.5), cy: floor + 10 + 10 * j }, shares));
        node("text", { x: left + wide * (i + 0.5), y: floor + 38, "text-anchor": "middle" }, shares, name);
      });
    }

    function draw() {
      const result = compute(state.angle, state.y, state.lam), now = result.turns[state.steps], { fixed, best } = result;
      host.fixntk = { state: { ...state, y: [...state.y] }, result };
      dials.forEach((show) => show());
      drawHull(result);
      drawShares(result);
      const words = best ? NAMES.map((name, i) => (best[i] > 1e-6 ? `${name} ${best[i].toFixed(3)}` : "")).filter(Boolean).join(", ") : "all weights are zero";
      says.textContent = `Step ${state.steps} of reweighting: objective ${now.objective.toFixed(4)}, gap ${shown(now.gap)}. `
        + `Tangent kernel ${result.turns[0].objective.toFixed(4)}, optimum ${fixed.objective.toFixed(4)}: ${words}.`;
    }
    draw();
    let width = host.clientWidth;
    new ResizeObserver(() => { if (host.clientWidth !== width) { width = host.clientWidth; draw(); } }).observe(host);
  }

  window.fixntkKit.hull = compute;
  mount.hull = pictureOf;
})();
