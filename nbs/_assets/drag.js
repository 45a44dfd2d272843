/* The picture to drag: five points on a line, the kernels of their masks, and the way from the tangent kernel to the optimum.
   The numbers come from kit.js; here they are drawn, and take mouse, touch and keys. */
(function () {
  "use strict";
  const { dot, total, ntk, compute, answer, reluAnswer, node, numbers, path, replace, shown } = window.fixntkKit;

  const X = [-1.33, -0.62, -0.11, 0.48, 1.24], Y = [0.36, 1.3, 0.95, -0.7, -1.27]; // five points, if a page names none
  const CURVES = { tangent: "tangent kernel", partly: "on the way", fixed: "fully fixed", relu: "ReLU optimum" };
  const SPAN = 2.4, FLOOR = -13, HEIGHT = 250, EDGE = { left: 46, right: 10, top: 12, bottom: 30 };
  let made = 0;

  function mount(host) {
    const id = `fixntk-drag-${++made}`, data = host.dataset;
    const first = () => ({ x: numbers(data.x, X).slice(), y: numbers(data.y, Y).slice(), lam: Number(data.lam || 0.1),
      steps: Number(data.steps || 0), way: data.way || "reweighting" });
    const state = first();
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "Five points to drag, and the fits to them");
    replace(host);
    const controls = node("div", { class: "fd-controls" }, host);
    const label = node("label", { for: `${id}-lam` }, controls, "lam ");
    const slider = node("input", { type: "range", id: `${id}-lam`, min: -3, max: 1, step: 0.01 }, controls);
    const value = node("output", { for: `${id}-lam` }, label);
    const ways = node("label", { for: `${id}-way` }, controls, "method ");
    const way = node("select", { id: `${id}-way` }, ways);
    for (const name of ["reweighting", "Newton"]) node("option", { value: name.toLowerCase() }, way, name);
    const button = (text, act) => node("button", { type: "button" }, controls, text).addEventListener("click", () => { act(); draw(); });
    button("one step", () => { state.steps = Math.min(40, state.steps + 1); });
    button("back", () => { state.steps = Math.max(0, state.steps - 1); });
    button("reset", () => Object.assign(state, first()));
    const legend = node("div", { class: "fd-legend" }, host);
    for (const [key, name] of Object.entries(CURVES)) {
      const item = node("span", {}, legend);
      node("line", { class: `fd-line fd-${key}`, x2: 32, y1: 5, y2: 5 }, node("svg", { class: "fd-key", width: 32, height: 10, "aria-hidden": "true" }, item));
      item.append(name);
    }
    const panels = {};
    for (const [key, name] of [["data", "Points and fits"], ["bars", "Share of each mask in the kernel"], ["gaps", "Duality gap against steps"]]) {
      const box = node("div", { class: `fd-panel fd-panel-${key}` }, host);
      node("div", { class: "fd-title", id: `${id}-${key}` }, box, name);
      const svg = node("svg", { role: key === "data" ? "group" : "img", height: HEIGHT, "aria-labelledby": `${id}-${key}` }, box);
      panels[key] = { svg, back: node("g", {}, svg) };
    }
    const says = node("p", { class: "fd-says", role: "status" }, host);
    node("p", { class: "fd-help" }, host,
      "Drag a point, or focus it and use the arrow keys (with shift: larger steps). Under each bar: which of the five points its mask lets through, leftmost on top. Where several mixtures are best, one is shown.");

    let frame = {};
    const clip = (v) => Math.max(-SPAN, Math.min(SPAN, v));
    const points = state.x.map((_, i) => {
      const dots = node("g", { class: "fd-point", tabindex: 0, role: "slider", "aria-orientation": "vertical", "aria-valuemin": -SPAN, "aria-valuemax": SPAN }, panels.data.svg);
      node("circle", { r: 20, class: "fd-reach" }, dots);
      node("circle", { r: 6, class: "fd-dot" }, dots);
      const move = (x, y) => {
        const near = (v) => state.x.some((other, j) => j !== i && Math.abs(other - v) < 0.02);
        if (!near(clip(x))) state.x[i] = clip(x); // points on one place would be one mask less
        state.y[i] = clip(y);
        draw();
      };
      dots.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false }); // drag, do not scroll
      dots.addEventListener("pointerdown", (event) => { dots.setPointerCapture(event.pointerId); dots.focus(); event.preventDefault(); });
      dots.addEventListener("pointermove", (event) => {
        if (!dots.hasPointerCapture(event.pointerId)) return;
        const box = panels.data.svg.getBoundingClientRect();
        move(frame.toX(event.clientX - box.left), frame.toY(event.clientY - box.top));
      });
      dots.addEventListener("keydown", (event) => {
        const step = event.shiftKey ? 0.25 : 0.05;
        const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
        if (!by) return;
        event.preventDefault();
        move(state.x[i] + by[0], state.y[i] + by[1]);
      });
      return dots;
    });
    slider.addEventListener("input", () => { state.lam = 10 ** Number(slider.value); draw(); });
    way.addEventListener("change", () => { state.way = way.value; draw(); });

    function axes(panel, xs, ys, at) {
      const width = Math.max(120, panel.svg.parentNode.clientWidth);
      panel.svg.setAttribute("width", width);
      panel.back.replaceChildren();
      const [left, right, top, bottom] = [EDGE.left, width - EDGE.right, EDGE.top, HEIGHT - EDGE.bottom];
      const map = { sx: (v) => left + ((v - xs[0]) / (xs[1] - xs[0])) * (right - left), sy: (v) => bottom - ((v - ys[0]) / (ys[1] - ys[0])) * (bottom - top), left, right, top, bottom };
      map.toX = (px) => xs[0] + ((px - left) / (right - left)) * (xs[1] - xs[0]);
      map.toY = (py) => ys[0] + ((bottom - py) / (bottom - top)) * (ys[1] - ys[0]);
      for (const [v, text] of at.y) {
        node("line", { class: "fd-grid", x1: left, x2: right, y1: map.sy(v), y2: map.sy(v) }, panel.back);
        node("text", { x: left - 5, y: map.sy(v) + 4, "text-anchor": "end" }, panel.back, text);
      }
      for (const [v, text] of at.x) node("text", { x: map.sx(v), y: bottom + 18, "text-anchor": "middle" }, panel.back, text);
      return map;
    }

    function draw() {
      const result = compute(state.x, state.y, state.lam, state.steps), { masks } = result;
      const fits = result[state.way], now = fits[Math.min(state.steps, fits.length - 1)];
      slider.value = Math.log10(state.lam);
      value.textContent = state.lam.toPrecision(2);
      way.value = state.way;
      host.fixntk = { state: { ...state, x: [...state.x], y: [...state.y] }, result };

      const ticks = [-2, -1, 0, 1, 2].map((v) => [v, v]);
      frame = axes(panels.data, [-SPAN, SPAN], [-SPAN, SPAN], { x: ticks, y: ticks });
      const kernel = (v) => dot(state.x.map((a) => ntk(v, a)), result.tangent.alpha);
      const lines = { tangent: kernel, partly: (v) => answer(masks, now.W, v), fixed: (v) => answer(masks, result.fixed.W, v), relu: (v) => reluAnswer(result.relu, v) };
      const grid = Array.from({ length: 241 }, (_, i) => -SPAN + (i * SPAN) / 120);
      if (!state.steps) delete lines.partly; // the tangent kernel's curve, once more
      for (const [key, at] of Object.entries(lines))
        node("path", { class: `fd-line fd-${key}`, d: path(grid.map((v) => (Math.abs(at(v)) <= SPAN ? [frame.sx(v), frame.sy(at(v))] : null))) }, panels.data.back);
      points.forEach((dots, i) => {
        const [x, y] = [state.x[i], state.y[i]];
        dots.setAttribute("transform", `translate(${frame.sx(x)} ${frame.sy(y)})`);
        dots.setAttribute("aria-label", `Point ${i + 1}`);
        dots.setAttribute("aria-valuenow", y.toFixed(2));
        dots.setAttribute("aria-valuetext", `x ${x.toFixed(2)}, y ${y.toFixed(2)}`);
      });

      const part = (w) => { const sum = total(w); return w.map((v) => (sum > 0 ? v / sum : 0)); };
      const bars = { tangent: result.shares, partly: part(state.steps ? now.weights : result.shares), fixed: part(result.fixed.weights) };
      const top = Math.max(0.25, ...Object.values(bars).flat());
      const room = axes(panels.bars, [0, masks.length], [-0.28 * top, top], { x: [], y: [0, top / 2, top].map((v) => [v, v.toFixed(2)]) });
      const order = state.x.map((_, i) => i).sort((a, b) => state.x[a] - state.x[b]);
      masks.forEach((mask, k) => {
        const wide = (room.right - room.left) / masks.length;
        Object.values(bars).forEach((shares, j) => node("rect", { class: `fd-bar fd-${Object.keys(bars)[j]}`, x: room.sx(k) + wide * (0.14 + 0.25 * j),
          y: room.sy(shares[k]), width: wide * 0.22, height: room.sy(0) - room.sy(shares[k]) }, panels.bars.back));
        order.forEach((i, j) => node("circle", { class: mask.open[i] ? "fd-open" : "fd-shut", r: 3.2, cx: room.sx(k) + wide / 2, cy: room.sy(0) + 12 + 10 * j }, panels.bars.back));
      });

      const long = Math.max(10, state.steps, Math.min(20, result.newton.length)), every = long > 20 ? 10 : long > 10 ? 5 : 2;
      const plot = axes(panels.gaps, [0, long], [FLOOR, 0], { x: Array.from({ length: Math.floor(long / every) + 1 }, (_, i) => [i * every, i * every]), y: [0, -4, -8, -12].map((v) => [v, `1e${v}`]) });
      const height = (gap) => plot.sy(Math.max(FLOOR, Math.log10(Math.max(gap, 1e-300))));
      for (const [name, style] of [["reweighting", "fd-partly"], ["newton", "fd-fixed"]]) {
        const run = result[name].slice(0, long + 1);
        node("path", { class: `fd-line ${style}`, d: path(run.map((fit, k) => [plot.sx(k), height(fit.gap)])) }, panels.gaps.back);
        const low = name === "newton", k = low ? Math.max(1, Math.floor(0.8 * (run.length - 1))) : run.length - 1;
        if (run[k]) node("text", { x: plot.sx(k) - (low ? 8 : 2), y: Math.max(plot.top + 12, height(run[k].gap) + (low ? 4 : -7)), "text-anchor": "end" }, panels.gaps.back, low ? "Newton" : name);
      }
      node("circle", { class: "fd-now", r: 5, cx: plot.sx(Math.min(state.steps, fits.length - 1)), cy: height(now.gap) }, panels.gaps.back);

      const on = result.fixed.weights.filter((v) => v > 1e-6).length;
      says.textContent = `Step ${Math.min(state.steps, fits.length - 1)} of ${state.way === "newton" ? "Newton" : state.way}: gap ${shown(now.gap)}, objective ${now.objective.toFixed(4)}. `
        + `Tangent kernel ${result.tangent.objective.toFixed(4)}, fully fixed ${result.fixed.objective.toFixed(4)} with ${on} of ${masks.length} masks, ReLU optimum ${result.relu.objective.toFixed(4)}.`;
    }
    draw();
    let width = host.clientWidth;
    new ResizeObserver(() => { if (host.clientWidth !== width) { width = host.clientWidth; draw(); } }).observe(host);
  }

  window.fixntkKit.mount.drag = mount;
})();
