/* The picture to drag: five points on a line, the kernels of their masks, and the way from the tangent kernel to the optimum.
   Plain JavaScript, no library. Mathematics first (window.fixntkDrag.compute, tested against the package), then the picture. */
(function () {
  "use strict";

  // ---- Small linear algebra -------------------------------------------------------------------------------------
  const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
  const norm = (a) => Math.sqrt(dot(a, a));
  const total = (a) => a.reduce((sum, v) => sum + v, 0);

  /** Solve A x = b for symmetric positive definite A by elimination with pivots. */
  function solve(A, b) {
    const n = b.length, M = A.map((row, i) => [...row, b[i]]);
    for (let k = 0; k < n; k++) {
      let best = k;
      for (let i = k + 1; i < n; i++) if (Math.abs(M[i][k]) > Math.abs(M[best][k])) best = i;
      [M[k], M[best]] = [M[best], M[k]];
      for (let i = k + 1; i < n; i++) {
        const factor = M[i][k] / M[k][k];
        for (let j = k; j <= n; j++) M[i][j] -= factor * M[k][j];
      }
    }
    const x = new Array(n);
    for (let i = n - 1; i >= 0; i--) {
      x[i] = M[i][n];
      for (let j = i + 1; j < n; j++) x[i] -= M[i][j] * x[j];
      x[i] /= M[i][i];
    }
    return x;
  }

  /** Minimise t'Qt / 2 - b't over t >= 0 (Lawson and Hanson's active set). */
  function nonnegative(Q, b) {
    const m = b.length, on = new Array(m).fill(false), least = 1e-14 * (1 + Math.max(...b.map(Math.abs)));
    let t = new Array(m).fill(0);
    for (let pass = 0; pass < 10 * m; pass++) {
      let best = -1, steepest = least;
      for (let i = 0; i < m; i++) {
        const slope = b[i] - dot(Q[i], t);
        if (!on[i] && slope > steepest) [best, steepest] = [i, slope];
      }
      if (best < 0) break;
      on[best] = true;
      for (;;) {
        const F = on.flatMap((v, i) => (v ? [i] : [])), s = new Array(m).fill(0);
        solve(F.map((i) => F.map((j) => Q[i][j])), F.map((i) => b[i])).forEach((v, k) => { s[F[k]] = v; });
        const stuck = F.filter((i) => s[i] <= 0);
        if (!stuck.length) { t = s; break; }
        const part = Math.min(...stuck.map((i) => t[i] / (t[i] - s[i] || 1)));
        t = t.map((v, i) => v + part * (s[i] - v));
        for (const i of F) if (t[i] <= 1e-300 || (s[i] <= 0 && t[i] / (Math.abs(s[i]) + t[i]) < 1e-15)) { on[i] = false; t[i] = 0; }
        if (!on.some(Boolean)) break;
      }
    }
    return t;
  }

  // ---- Masks: arcs of the circle of gates -----------------------------------------------------------------------
  /** The masks of the rows (x, 1), one for each open arc of directions, with its share of the circle. */
  function masksOf(x) {
    const ends = [...new Set(x)].flatMap((v) => [Math.atan(-v), Math.atan(-v) + Math.PI]).sort((a, b) => a - b);
    return ends.map((lo, k) => {
      const hi = k + 1 < ends.length ? ends[k + 1] : ends[0] + 2 * Math.PI, gate = (lo + hi) / 2;
      const open = x.map((v) => v * Math.cos(gate) + Math.sin(gate) >= 0);
      return { lo, hi, open, share: (hi - lo) / (2 * Math.PI) };
    }).filter((mask) => mask.share > 1e-15);
  }

  /** The infinite-width tangent kernel (10) of two inputs with a bias. */
  const ntk = (a, b) => ((Math.PI - Math.abs(Math.atan(a) - Math.atan(b))) / (2 * Math.PI)) * (a * b + 1);

  /** The share of the gates of a mask that let (v, 1) through. */
  function openShare(mask, v) {
    const from = Math.atan(-v);
    let met = 0;
    for (const turn of [-2 * Math.PI, 0, 2 * Math.PI])
      met += Math.max(0, Math.min(mask.hi, from + turn + Math.PI) - Math.max(mask.lo, from + turn));
    return Math.min(1, met / (mask.hi - mask.lo));
  }

  // ---- Group lasso over blocks (lists of columns), in the weights -------------------------------------------------
  /** Ridge regression with weights and ridge lam / 2: coefficients, answers, and alpha. */
  function ridge(blocks, y, weights, lam) {
    const n = y.length, M = y.map((_, i) => y.map((_, j) => (i === j ? lam / 2 : 0)));
    blocks.forEach((columns, k) => columns.forEach((a) => {
      for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) M[i][j] += weights[k] * a[i] * a[j];
    }));
    const alpha = solve(M, y);
    const slopes = blocks.map((columns) => columns.map((a) => dot(a, alpha)));
    const W = slopes.map((c, k) => c.map((v) => weights[k] * v));
    return { M, alpha, slopes, W, f: answers(blocks, W, n) };
  }

  function answers(blocks, W, n) {
    const f = new Array(n).fill(0);
    blocks.forEach((columns, k) => columns.forEach((a, j) => { for (let i = 0; i < n; i++) f[i] += a[i] * W[k][j]; }));
    return f;
  }

  /** Objective and relative duality gap, for slopes' lengths at most lam; `reach(z)` is the largest of them. */
  function grade(f, y, lam, price, reach) {
    const z = f.map((v, i) => 2 * (v - y[i])), most = reach(z), zz = dot(z, z), zy = dot(z, y);
    const upper = zz / 4 + lam * price;
    const scale = zz > 0 ? Math.min(Math.max((-2 * zy) / zz, 0), most > 0 ? lam / most : Infinity) : 0;
    const lower = -scale * zy - (scale * scale * zz) / 4;
    return { objective: upper, gap: Math.max(upper - lower, 0) / Math.max(upper, 2.2250738585072014e-308) };
  }

  const farthest = (blocks) => (z) => Math.max(...blocks.map((columns) => norm(columns.map((a) => dot(a, z)))));

  /** Everything about the fit with given weights, judged as `GroupLassoProblem` judges it. */
  function fitAt(blocks, y, weights, lam) {
    const made = ridge(blocks, y, weights, lam), lengths = made.W.map(norm);
    return { ...made, used: weights, weights: lengths, ...grade(made.f, y, lam, total(lengths), farthest(blocks)) };
  }

  /** One Newton step on y'(K + lam/2)^-1 y + sum of weights, which is convex in the weights. */
  function newtonStep(blocks, y, lam, weights) {
    const { M, alpha, slopes } = ridge(blocks, y, weights, lam), m = weights.length;
    const value = (w) => dot(y, ridge(blocks, y, w, lam).alpha) + total(w);
    const gradient = slopes.map((c) => 1 - dot(c, c));
    const moved = blocks.map((columns, k) => y.map((_, i) => total(columns.map((a, j) => a[i] * slopes[k][j]))));
    const through = moved.map((v) => solve(M, v));
    const Q = moved.map((v) => through.map((u) => 2 * dot(v, u)));
    const damp = 1e-11 * (1e-30 + Math.max(...Q.map((row, i) => row[i])));
    Q.forEach((row, i) => { row[i] += damp; });
    const goal = nonnegative(Q, Q.map((row, i) => dot(row, weights) - gradient[i]));
    const here = dot(y, alpha) + total(weights), fall = dot(gradient, goal.map((v, i) => v - weights[i]));
    if (Math.abs(fall) < 1e-10 * here) return goal; // the last steps change the value by less than its rounding
    for (let step = 1; step > 1e-9; step /= 2) {
      const next = weights.map((v, i) => Math.max(0, v + step * (goal[i] - v)));
      if (value(next) <= here + 1e-4 * step * fall + 4e-16 * Math.abs(here)) return next;
    }
    return new Array(m).fill(0).map((_, k) => weights[k] * norm(slopes[k])); // a round of reweighting never goes up
  }

  /** Newton from the given weights until the gap is rounding: the fits on the way. */
  function newton(blocks, y, lam, start, most = 60) {
    const fits = [fitAt(blocks, y, start, lam)];
    let best = 0, idle = 0;
    while (fits.length <= most && fits[best].gap > 1e-15 && idle < 4) {
      const last = fits[fits.length - 1], next = fitAt(blocks, y, newtonStep(blocks, y, lam, last.used), lam);
      fits.push(next);
      if (next.gap < fits[best].gap) best = fits.length - 1;
      idle = last.objective - next.objective > 1e-15 * last.objective ? 0 : idle + 1; // rounding: nothing more to win
    }
    return fits.slice(0, best + 1);
  }

  // ---- The exact ReLU optimum (3): lines that stay in the cone of their mask ----------------------------------------
  const direction = (angle) => [Math.cos(angle), Math.sin(angle)];

  /** 1 if the line v lies in the cone of the mask, -1 if its opposite does, 0 if neither. */
  function side(mask, v) {
    for (const sign of [1, -1]) {
      const turn = (Math.atan2(sign * v[1], sign * v[0]) - mask.lo + 8 * Math.PI) % (2 * Math.PI);
      if (turn <= mask.hi - mask.lo) return sign;
    }
    return 0;
  }

  /** Blocks: the ten borders of the cones, and what is cut off inside them until no cone's slope exceeds lam. */
  function relu(masks, blocks, y, lam, x) {
    const ray = (k, angle) => {
      const g = direction(angle), open = masks[k].open;
      return { k, g: [g], columns: [x.map((v, i) => (open[i] ? v * g[0] + g[1] : 0))] };
    };
    const reach = (z) => Math.max(...masks.map((mask, k) => {
      const q = blocks[k].map((a) => dot(a, z));
      const rays = [mask.lo, mask.hi].map((angle) => Math.abs(dot(q, direction(angle))));
      return side(mask, q) ? norm(q) : Math.max(...rays);
    }));
    const finish = (atoms, fit) => {
      const parts = { positive: masks.map(() => [0, 0]), negative: masks.map(() => [0, 0]) };
      atoms.forEach((atom, j) => {
        const line = [0, 1].map((c) => total(atom.g.map((g, i) => g[c] * fit.W[j][i])));
        const sign = atom.g.length === 1 ? Math.sign(fit.W[j][0]) : side(masks[atom.k], line);
        line.forEach((v, c) => { parts[sign < 0 ? "negative" : "positive"][atom.k][c] += Math.abs(sign) * (sign < 0 ? -v : v); });
      });
      const W = masks.map((_, k) => [0, 1].map((c) => parts.positive[k][c] - parts.negative[k][c]));
      const f = answers(blocks, W, y.length), price = total([...parts.positive, ...parts.negative].map(norm));
      return { ...parts, f, ...grade(f, y, lam, price, reach) };
    };
    const solved = (atoms, start) => newton(atoms.map((a) => a.columns), y, lam, start).pop();
    const rays = masks.map((mask, k) => ray(k, mask.lo)), m = rays.length;
    let atoms = rays, fit = solved(atoms, rays.map(() => 1 / m)), best = finish(atoms, fit);
    for (let pass = 0; pass < 30 && best.gap > 1e-13; pass++) {
      const z = fit.f.map((v, i) => 2 * (v - y[i])), cuts = [];
      masks.forEach((mask, k) => {
        const q = blocks[k].map((a) => dot(a, z)), sign = side(mask, q);
        if (sign && norm(q) > lam * (1 + 1e-13)) cuts.push(ray(k, Math.atan2(sign * q[1], sign * q[0])));
      });
      const kept = atoms.map((atom, j) => [atom, fit.weights[j]]).filter(([, w], j) => j < m || w > 1e-12);
      if (pass) { // the masks cut so far as whole blocks: graded like any other, so a wrong guess only loses
        const inside = [...new Set([...kept.slice(m).map(([a]) => a), ...cuts].map((a) => a.k))];
        const begin = inside.map((k) => total(kept.slice(m).map(([a, w]) => (a.k === k ? w : 0))));
        let whole = [...rays, ...inside.map((k) => ({ k, g: [[1, 0], [0, 1]], columns: blocks[k] }))], left = true;
        let weights = [...fit.weights.slice(0, m), ...begin];
        while (left) { // a block whose line leaves its cone is done without: the borders of the cone stay
          const tried = solved(whole, weights), stays = whole.map((a, j) => j < m || !tried.weights[j] || side(masks[a.k], tried.W[j]) !== 0);
          const guess = finish(whole, tried);
          if (guess.gap < best.gap) best = guess;
          left = stays.includes(false);
          [whole, weights] = [whole, tried.weights].map((list) => list.filter((_, j) => stays[j]));
        }
      }
      if (!cuts.length) break;
      atoms = [...kept.map(([a]) => a), ...cuts];
      fit = solved(atoms, [...kept.map(([, w]) => w), ...cuts.map(() => 0)]);
      const cut = finish(atoms, fit);
      if (cut.gap < best.gap) best = cut;
    }
    return best;
  }

  // ---- All numbers of the picture ------------------------------------------------------------------------------
  /** All numbers for points (x, y), strength lam and a number of steps after the tangent kernel's fit. Pure. */
  function compute(x, y, lam, rounds) {
    const masks = masksOf(x), shares = masks.map((mask) => mask.share);
    const blocks = masks.map((mask) => [x.map((v, i) => (mask.open[i] ? v : 0)), x.map((_, i) => (mask.open[i] ? 1 : 0))]);
    const H = x.map((a) => x.map((b) => ntk(a, b)));
    const turns = [fitAt(blocks, y, shares, lam)];
    while (turns.length <= Math.max(rounds, 40)) turns.push(fitAt(blocks, y, turns[turns.length - 1].weights, lam));
    const quick = newton(blocks, y, lam, shares), fixed = quick[quick.length - 1];
    const slim = ({ W, f, used, weights, objective, gap }) => ({ W, f, used, weights, objective, gap });
    return {
      patterns: masks.map((mask) => mask.open), shares, H, lam, masks,
      tangent: { ...slim(turns[0]), alpha: turns[0].alpha },
      partly: slim(turns[rounds]), fixed: slim(fixed), relu: relu(masks, blocks, y, lam, x),
      reweighting: turns.map(slim), newton: quick.map(slim),
    };
  }

  /** The answer of lines W at input v; the gates of a mask are averaged, so that the tangent kernel's W give its own curve. */
  const answer = (masks, W, v) => total(masks.map((mask, k) => openShare(mask, v) * (W[k][0] * v + W[k][1])));
  const reluAnswer = (fit, v) => total(fit.positive.map((a, k) => {
    const b = fit.negative[k];
    return Math.max(0, a[0] * v + a[1]) - Math.max(0, b[0] * v + b[1]);
  }));

  // ---- The picture -------------------------------------------------------------------------------------------------
  const X = [-1.33, -0.62, -0.11, 0.48, 1.24], Y = [0.36, 1.3, 0.95, -0.7, -1.27]; // five points, if a page names none
  const CURVES = { tangent: "tangent kernel", partly: "on the way", fixed: "fully fixed", relu: "ReLU optimum" };
  const SPAN = 2.4, FLOOR = -13, HEIGHT = 250, EDGE = { left: 46, right: 10, top: 12, bottom: 30 };
  let made = 0;

  function node(name, attributes, parent, text) {
    const svg = ["svg", "g", "path", "circle", "line", "rect", "text"].includes(name);
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  }

  const numbers = (text, or) => (text ? text.trim().split(/[\s,]+/).map(Number) : or);
  /** A path through the points; where one is null the line is broken. */
  const path = (pairs) => pairs.map((at, i) => (at ? `${i && pairs[i - 1] ? "L" : "M"}${at[0].toFixed(1)} ${at[1].toFixed(1)}` : "")).join("");
  const shown = (gap) => (gap > 1e-13 ? gap.toExponential(1) : "below 1e-13");

  function mount(host) {
    const id = `fixntk-drag-${++made}`, data = host.dataset;
    const first = () => ({ x: numbers(data.x, X).slice(), y: numbers(data.y, Y).slice(), lam: Number(data.lam || 0.1),
      steps: Number(data.steps || 0), way: data.way || "reweighting" });
    const state = first();
    host.setAttribute("role", "group");
    host.setAttribute("aria-label", "Five points to drag, and the fits to them");
    if (host.nextElementSibling) host.nextElementSibling.classList.add("fixntk-drag-replaced");
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
      const width = panel.svg.parentNode.clientWidth;
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

  window.fixntkDrag = { compute, answer, reluAnswer, mount };
})();
