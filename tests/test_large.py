"""Rows that need not fit into memory: what is not prose in chapter 19."""

import os
import subprocess
import sys

import dask
import dask.array as da
import numpy as np
import pytest

import fixntk
from fixntk import machine
from fixntk.cross_products import CrossForm
from fixntk.data import teacher_data
from fixntk.design import CentredDesign, JoinedDesign, MaskedDesign
from fixntk.designs import ScaledDesign
from fixntk.group_lasso import GroupLassoProblem, solve_cvxpy
from fixntk.large import RowDesign
from fixntk.losses import FreeIntercept, LogisticLoss, SquaredLoss, WeightedLoss
from fixntk.masks import Masks
from fixntk.row_products import opened, sides_of
from fixntk.signs import is_open

N, D, P = 6000, 5, 40


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((N, D))
    y = teacher_data(X, 4, noise=0.1, kind="relu", rng=rng)
    return X, y, rng.standard_normal((P, D))


def test_cross_products_beyond_the_memory_are_refused(monkeypatch):
    rng = np.random.default_rng(2)
    design = RowDesign(rng.standard_normal((50, 30)), rng.standard_normal((40, 30)))
    monkeypatch.setattr(machine, "available_memory", lambda: 0)
    nothing = CrossForm(design, rng.standard_normal(50), 1.0)
    with pytest.raises(ValueError, match="40 masks of 30 columns needs about 34.6 MB"):
        nothing.with_masks(np.zeros(0, bool), np.arange(40))


class Slices:
    "A shape, a type of numbers, and slices: all that rows need to have."

    def __init__(self, table):
        self._table, self.shape, self.dtype = table, table.shape, table.dtype

    def __getitem__(self, part):
        return self._table[part]


def test_rows_with_slices_only_are_solved_and_have_a_kernel():
    rng = np.random.default_rng(3)
    X, gates, y = *map(rng.standard_normal, [(60, 3), (20, 3)]), rng.standard_normal(60)
    plain, design = RowDesign(X, gates), RowDesign(Slices(X), gates)
    found = fixntk.solve(program(design, y), tol=1e-8)
    np.testing.assert_allclose(found.W, fixntk.solve(program(plain, y), tol=1e-8).W)
    np.testing.assert_array_equal(design.kernel(np.ones(20)), plain.kernel(np.ones(20)))
    np.testing.assert_array_equal(design.block(3), plain.block(3))


def wrapped(design):
    return {
        "rows": design,
        "centred": CentredDesign(design, np.ones(design.n)),
        "scaled": ScaledDesign(design, np.linspace(1, 2, design.n)),
        "joined": JoinedDesign([design[:100], design[100:]]),
    }


@pytest.mark.parametrize("kind", ["rows", "centred", "scaled", "joined"])
def test_single_precision_stops_no_solve_above_its_own_rounding(kind):
    rng = np.random.default_rng(0)
    X, gates = rng.standard_normal((20_000, 5)), rng.standard_normal((200, 5))
    y = teacher_data(X, 5, noise=0.1, kind="relu", rng=rng)
    double = wrapped(RowDesign(X, gates))[kind]
    single = wrapped(RowDesign(X, gates, dtype=np.float32))[kind]
    lam = program(double, y).lam
    found = fixntk.solve(GroupLassoProblem(single, y, lam), tol=1e-7)
    assert found.converged and found.n_iter < 30
    assert GroupLassoProblem(double, y, lam).gap(found.W) < 2e-7
    last = fixntk.solve(GroupLassoProblem(single, y, lam), tol=1e-12, max_iter=300)
    assert not last.converged and last.n_iter < 30 and "rounding" in last.reason
    assert GroupLassoProblem(double, y, lam).gap(last.W) < 1e-8
    same = single.precise().correlate(y)  # sums of 20 000 rows
    np.testing.assert_allclose(same, double.correlate(y), rtol=1e-9, atol=1e-9)


def program(design, y, share=0.1, **how):
    top = GroupLassoProblem(design, y, 1.0, **how).lam_max
    return GroupLassoProblem(design, y, share * top, **how)


@pytest.fixture(scope="module")
def best(table):
    X, y, gates = table
    return fixntk.solve(
        program(MaskedDesign(X, Masks.from_gates(X, gates)), y), tol=1e-9
    )


def agrees(found, best, rtol=1e-8):
    "Two gaps of 1e-9 allow 2e-9."
    assert found.converged
    np.testing.assert_allclose(found.objective, best.objective, rtol=rtol)
    np.testing.assert_array_equal(found.weights > 0, best.weights > 0)


@pytest.mark.parametrize("kind", ["masks", "rows", "short sums", "short rows"])
@pytest.mark.parametrize("of_y", [1e-100, 1.0, 1e100])
@pytest.mark.parametrize("of_x", [1e-60, 1e-30, 1.0, 1e30, 1e60])
def test_units_leave_single_precision_and_the_answer_stays(table, kind, of_x, of_y):
    "Sums in single precision once certified zero for tiny targets and lost large rows."
    X, y, gates = table
    if kind == "short rows" and not 1e-30 <= of_x <= 1e30:
        pytest.skip("such rows are no numbers of single precision")
    if not 1e-130 <= of_x * of_y <= 1e130 or not 1e-130 <= of_y / of_x <= 1e130:
        pytest.skip("their squares are no numbers of double precision")
    short = np.float32 if kind == "short rows" else float
    made = {
        "masks": lambda X: MaskedDesign(X, Masks.from_gates(X, gates)),
        "short sums": lambda X: RowDesign(X, gates, dtype="float32"),
    }.get(kind, lambda X: RowDesign(X.astype(short), gates))
    plain = fixntk.solve(program(made(X), y), tol=1e-4)
    found = fixntk.solve(program(made(of_x * X), of_y * y), tol=1e-4)
    assert plain.converged and found.converged
    ratio = found.objective / of_y**2 / plain.objective
    np.testing.assert_allclose(ratio, 1, atol=3e-4)  # two gaps, and single sums
    truth = MaskedDesign(X, Masks.from_gates(X, gates))
    again = program(truth, y).gap(found.W * (of_x / of_y))
    assert again < 3e-4  # judged in double precision, in the first units


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
@pytest.mark.parametrize("d", [1, 3, 40, 80])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_masks_are_those_of_exact_arithmetic(scale, d, dtype):
    rng = np.random.default_rng(d)
    X = (scale * rng.integers(-3, 4, (300, d))).astype(dtype)
    X[::7], X[1::7] = 0, X[1]
    gates = rng.integers(-3, 4, (60, d)) * 10.0 ** rng.integers(-5, 5, d)
    gates[5] = 0
    truth = is_open(X.astype(float), gates)
    np.testing.assert_array_equal(opened(X, sides_of(gates)), truth)
    one_by_one = [opened(row[None], sides_of(gates))[0] for row in X]
    np.testing.assert_array_equal(one_by_one, truth)


def test_arrays_in_memory(table, best):
    X, y, gates = table
    agrees(fixntk.solve(program(RowDesign(X, gates), y), tol=1e-9), best)


def test_single_precision_is_right_to_a_millionth(table, best):
    X, y, gates = table
    problem = program(RowDesign(X, gates, dtype=np.float32), y)
    found = fixntk.solve(problem, tol=1e-5)
    np.testing.assert_allclose(found.objective, best.objective, rtol=1.1e-5)
    exact = GroupLassoProblem(RowDesign(X, gates), y, problem.lam).gap(found.W)
    np.testing.assert_allclose(found.gap, exact, atol=1e-6)


def test_memory_maps_are_read_where_they_are(table, best, tmp_path):
    X, y, gates = table
    np.save(tmp_path / "rows.npy", X)
    there = np.load(tmp_path / "rows.npy", mmap_mode="r")
    design = RowDesign(there, gates)
    assert design.X is there
    agrees(fixntk.solve(program(design, y), tol=1e-9), best)


class Dataset:
    "What HDF5 and Zarr have in common: a shape, a type, slices; and no more."

    def __init__(self, rows):
        self._rows, self.shape, self.dtype, self.read = rows, rows.shape, rows.dtype, 0

    def __getitem__(self, part):
        assert isinstance(part, slice), "read in slices only"
        self.read += 1
        return self._rows[part]


def test_datasets_are_read_in_slices(table, best):
    X, y, gates = table
    rows = Dataset(X)
    design = RowDesign(rows, gates)
    assert rows.read == 0, "nothing is read before it is needed"
    found = fixntk.solve(program(design, y), tol=1e-9)
    agrees(found, best)
    np.testing.assert_allclose(found.predict(X[:9]), best.predict(X[:9]), rtol=1e-5)


@pytest.mark.parametrize("chunks", [(N, D), (700, D), (1999, 2)])
@pytest.mark.parametrize("lazy_y", [False, True])
def test_dask_arrays(table, best, chunks, lazy_y):
    X, y, gates = table
    targets = da.from_array(y, chunks=1234) if lazy_y else y
    problem = program(RowDesign(da.from_array(X, chunks=chunks), gates), targets)
    assert isinstance(problem.y, da.Array)
    found = fixntk.solve(problem, tol=1e-9)
    agrees(found, best)
    again = fixntk.solve(problem, tol=1e-9, start=found)
    assert again.n_iter <= 1 and again.converged
    new = da.from_array(X, chunks=(999, D))
    answers = found.predict(new)
    assert isinstance(answers, da.Array) and answers.chunks == (new.chunks[0],)
    np.testing.assert_allclose(answers.compute(), best.predict(X), atol=1e-5)


@pytest.mark.parametrize("n", [1, 12, 3000, 3001])
def test_short_tables_in_pieces(table, n):
    X, y, gates = table
    near = program(RowDesign(X[:n], gates), y[:n])
    pieces = da.from_array(X[:n], chunks=(999, D))
    lazy = GroupLassoProblem(RowDesign(pieces, gates), y[:n], near.lam)
    found, best = fixntk.solve(lazy, tol=1e-9), fixntk.solve(near, tol=1e-9)
    np.testing.assert_allclose(found.objective, best.objective, rtol=2e-9)
    assert found.converged


def test_long_tables_begin_from_a_tenth_wherever_they_are(table, best):
    X, y, gates = table
    many, targets = np.tile(X, (6, 1)), np.tile(y, 6)
    stored = MaskedDesign(many, Masks.from_gates(many, gates))
    lazy = RowDesign(da.from_array(many), gates)
    for design in (RowDesign(many, gates), lazy, stored):
        found = fixntk.solve(program(design, targets), tol=1e-9)
        assert found.converged and found.history["masks"][0] > 0
        np.testing.assert_allclose(found.objective, 6 * best.objective, rtol=2e-9)


def test_nothing_of_the_length_of_the_table_comes_home(table, monkeypatch):
    "What is computed for the driver is small, but for what the caller asks for."
    X, y, gates = table
    sizes, compute = [], dask.base.compute

    def counted(*args, **kwargs):
        found = compute(*args, **kwargs)
        sizes.extend(np.size(part) for part in found)
        return found

    monkeypatch.setattr(dask.base, "compute", counted)
    rows = da.from_array(np.tile(X, (10, 1)), chunks=(6000, D))
    targets = da.from_array(np.tile(y, 10), chunks=6000)
    fixntk.solve(program(RowDesign(rows, gates), targets), tol=1e-9)
    assert sizes and max(sizes) < 10 * N / 4


def test_several_targets_in_pieces(table):
    X, y, gates = table
    both = np.column_stack([y, np.sin(X[:, 0])])
    lazy = program(RowDesign(da.from_array(X, chunks=(999, D)), gates), both)
    near = program(RowDesign(X, gates), both)
    found, best = fixntk.solve(lazy, tol=1e-9), fixntk.solve(near, tol=1e-9)
    agrees(found, best)
    lazy_new = found.predict(da.from_array(X[:50], chunks=(20, D)))
    np.testing.assert_allclose(lazy_new.compute(), best.predict(X[:50]), atol=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_three_targets_are_those_of_cvxpy(seed):
    rng = np.random.default_rng(seed)
    X, gates = rng.standard_normal((20, 3)), rng.standard_normal((8, 3))
    problem = program(RowDesign(X, gates), rng.standard_normal((20, 3)), 0.2)
    found, best = fixntk.solve(problem, tol=1e-9), solve_cvxpy(problem)
    np.testing.assert_allclose(found.objective, best.objective, rtol=1e-7)


LOSSES = [
    FreeIntercept(SquaredLoss()),
    WeightedLoss(SquaredLoss(), np.arange(N) % 3),
    FreeIntercept(WeightedLoss(SquaredLoss(), 1.0 + np.arange(N) % 3)),
    LogisticLoss(),
    FreeIntercept(LogisticLoss()),
]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_losses_weights_and_intercepts(table, loss):
    X, y, gates = table
    y = np.sign(y - np.median(y)) if "Logistic" in str(loss) else y
    y[y == 0] = 1
    inside = program(MaskedDesign(X, Masks.from_gates(X, gates)), y, loss=loss)
    rows = GroupLassoProblem(RowDesign(X, gates), y, inside.lam, loss=loss)
    found, best = fixntk.solve(rows, tol=1e-7), fixntk.solve(inside, tol=1e-7)
    assert found.converged
    np.testing.assert_allclose(found.objective, best.objective, rtol=2.1e-7)
    np.testing.assert_allclose(found.intercept, best.intercept, atol=1e-3)


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_other_losses_in_pieces_are_refused_in_words(table, loss):
    X, y, gates = table
    rows = RowDesign(da.from_array(X, chunks=(999, D)), gates)
    with pytest.raises(ValueError, match="loss must be SquaredLoss.*in pieces"):
        GroupLassoProblem(rows, np.sign(y), 1.0, loss=loss)


def test_a_network_and_slices(table, best):
    X, y, gates = table
    found = fixntk.solve(program(RowDesign(X, gates), y), tol=1e-9)
    np.testing.assert_allclose(found.network().predict(X[:20]), found.predict(X[:20]))
    part = RowDesign(X, gates)[[3, 1]]
    np.testing.assert_array_equal(part.gates, gates[[3, 1]])


def bad(rows, i, value):
    rows = rows.copy()
    rows[i, 1] = value
    return rows


WRONG = {
    "one column": (lambda X, g: (X[:, 0], g), "shape"),
    "gates turned": (lambda X, g: (X, g.T), "for each of the 5 columns"),
    "words": (lambda X, g: (X.astype(str), g), "numbers"),
    "dates": (lambda X, g: (Dataset(X.astype("M8[s]")), g), "table of numbers"),
    "cube": (lambda X, g: (Dataset(X[None]), g), "table of numbers"),
    "masked": (lambda X, g: (np.ma.masked_less(X, 0), g), "mask"),
    "gates with NaN": (lambda X, g: (X, bad(g, 3, np.nan)), "gates"),
    "unknown chunks": (
        lambda X, g: (da.from_array(X)[da.from_array(X)[:, 0] > 0], g),
        "compute_chunk_sizes",
    ),
    "lazy words": (lambda X, g: (da.from_array(X.astype(str)), g), "of numbers"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_rows_and_gates_are_refused_in_words(table, name):
    X, _, gates = table
    make, words = WRONG[name]
    with pytest.raises((ValueError, TypeError), match=words):
        RowDesign(*make(X, gates))


@pytest.mark.parametrize("wrap", [np.asarray, Dataset, da.from_array])
def test_a_row_that_is_not_finite_is_named(table, wrap):
    X, y, gates = table
    with pytest.raises(ValueError, match="4321"):
        fixntk.solve(program(RowDesign(wrap(bad(X, 4321, np.inf)), gates), y))


@pytest.mark.parametrize("y", [np.ones(7), np.ones((N, 1)), np.full(N, np.nan)])
@pytest.mark.parametrize("lazy", [False, True])
def test_wrong_targets_are_refused(table, y, lazy):
    X, _, gates = table
    rows = da.from_array(X, chunks=(999, D)) if lazy else X
    with pytest.raises(ValueError, match="^y must|^z must"):
        GroupLassoProblem(RowDesign(rows, gates), da.from_array(y) if lazy else y, 1.0)


def test_what_is_no_array_is_not_copied_and_arrays_are_locked(table):
    X, y, gates = table
    mine = X.copy()
    design = RowDesign(mine, gates)
    before = design.correlate(y)
    mine *= 10
    np.testing.assert_array_equal(design.correlate(y), before)
    with pytest.raises(ValueError, match="read-only"):
        design.X[0] = 0
    with pytest.raises(ValueError, match="read-only"):
        design.gates[0] = 0


SMALL = """
import resource, sys
import numpy as np
import fixntk
from fixntk.large import RowDesign
from fixntk.group_lasso import GroupLassoProblem

X = np.load(sys.argv[1], mmap_mode="r")
solve = fixntk.solve  # loads what it needs
y, gates = np.load(sys.argv[2]), np.random.default_rng(0).standard_normal((4, X.shape[1]))
if len(sys.argv) > 3:
    said = next(line for line in open("/proc/self/status") if line.startswith("VmData"))
    limit = int(said.split()[1]) * 1024 + int(0.9 * X.nbytes)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    try:
        np.ascontiguousarray(X).copy() + 0.0
        sys.exit("the rows fit into memory: the limit says nothing")
    except MemoryError:
        pass
problem = GroupLassoProblem(RowDesign(X, gates), y, 2e5)
print(repr(solve(problem, tol=1e-6).objective))
"""


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs Linux")
def test_a_file_larger_than_the_memory_allowed(tmp_path):
    "A file of 168 MB, with 151 MB for everything that is no map."
    rng, n = np.random.default_rng(1), 2**20
    rows = np.lib.format.open_memmap(
        tmp_path / "X.npy", "w+", dtype=np.float32, shape=(n, 40)
    )
    y = np.empty(n)
    for part in (slice(i, i + 2**18) for i in range(0, n, 2**18)):
        rows[part] = rng.standard_normal((2**18, 40), dtype=np.float32)
        y[part] = np.maximum(rows[part, 0], 0) + rng.standard_normal(2**18)
    rows.flush()
    np.save(tmp_path / "y.npy", y)
    call = [sys.executable, "-c", SMALL, tmp_path / "X.npy", tmp_path / "y.npy"]
    said = [
        subprocess.run(
            [*call, *more], check=True, capture_output=True, text=True
        ).stdout
        for more in ([], ["limited"])
    ]
    np.testing.assert_allclose(float(said[0]), float(said[1]), rtol=1e-8)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    options = dict(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with distributed.LocalCluster(**options, processes=True) as there:
        with distributed.Client(there) as client:
            yield there, client


def test_a_cluster_finds_the_same(table, best, cluster):
    X, y, gates = table
    rows, targets = da.from_array(X, chunks=(700, D)), da.from_array(y, chunks=700)
    agrees(fixntk.solve(program(RowDesign(rows, gates), targets), tol=1e-9), best)


def test_a_worker_that_is_killed_costs_a_retry(table, best, cluster):
    there, client = cluster
    X, y, gates = table
    rows, targets = da.from_array(X, chunks=(300, D)), da.from_array(y, chunks=300)
    problem, killed = program(RowDesign(rows, gates), targets), []

    def kill_one(text):
        if not killed:
            worker = list(there.workers.values())[0]
            killed.append(worker.pid)
            os.kill(worker.pid, 9)

    agrees(fixntk.solve(problem, tol=1e-9, progress=kill_one), best)
    assert killed


def test_stopping_leaves_a_solution_to_go_on_from(table, best):
    X, y, gates = table
    problem = program(RowDesign(X, gates), y)

    def stop(text):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fixntk.solve(problem, progress=stop)
    short = fixntk.solve(problem, max_iter=2)
    assert not short.converged and "go on" in short.reason
    agrees(fixntk.solve(problem, tol=1e-9, start=short), best)
