/* The mathematics of the explorable pictures, and small tools to draw them: window.fixntkKit.
   Plain JavaScript, no library; tests/test_drag.py and tests/test_explore.py hold it to the package. */
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

  // ---- Tools to draw with --------------------------------------------------------------------------------------------
  function node(name, attributes, parent, text) {
    const svg = ["svg", "g", "path", "circle", "line", "rect", "text"].includes(name);
    const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    if (parent) parent.append(element);
    return element;
  }

  /** Hide the drawn figure that stood for the picture: the one named, or the next element. */
  function replace(host) {
    host.classList.add("fixntk-explore");
    const still = host.dataset.still ? document.getElementById(host.dataset.still) : host.nextElementSibling;
    if (still) still.classList.add("fixntk-replaced");
  }

  const numbers = (text, or) => (text ? text.trim().split(/[\s,]+/).map(Number) : or);
  /** A path through the points; where one is null the line is broken. */
  const path = (pairs) => pairs.map((at, i) => (at ? `${i && pairs[i - 1] ? "L" : "M"}${at[0].toFixed(1)} ${at[1].toFixed(1)}` : "")).join("");
  const shown = (gap) => (gap > 1e-13 ? gap.toExponential(1) : "below 1e-13");

  window.fixntkKit = { dot, norm, total, ridge, fitAt, newton, ntk, compute, answer, reluAnswer, node, numbers, path, replace, shown, mount: {} };
})();
