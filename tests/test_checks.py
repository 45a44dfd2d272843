"""Every kind of number comes through as double precision, and what is no number is refused in words."""

import datetime
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fixntk.checks import (
    as_floats,
    check_choice,
    check_count,
    check_flag,
    check_kind,
    check_matrix,
    check_nonnegative,
    check_positive,
    check_rng,
    check_vector,
    frozen,
)

HUGE = 10**400


class Table:
    "A table of another package, which NumPy reads through __array__."

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        if isinstance(self.values, Exception):
            raise self.values
        return self.values if dtype is None else self.values.astype(dtype)


class Missing:
    "Like pd.NA: no number, and comparing it with itself gives no answer."

    def __eq__(self, other):
        return self

    def __bool__(self):
        raise TypeError("boolean value of NA is ambiguous")

    def __float__(self):
        raise TypeError("float() argument must be a number, not 'NAType'")


STANDARD = np.array([[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])


@pytest.mark.parametrize(
    "same",
    [
        *(
            STANDARD.astype(t)
            for t in "? b B h H i I l L q Q e f d g >f8 >i2 <f4 O".split()
        ),
        STANDARD.tolist(),
        tuple(map(tuple, STANDARD.tolist())),
        list(STANDARD),
        np.asfortranarray(STANDARD),
        np.repeat(np.repeat(STANDARD, 2, 0), 3, 1)[::2, ::3],
        STANDARD[::-1, ::-1][::-1, ::-1],
        frozen(STANDARD),
        np.matrix(STANDARD),
        Table(STANDARD),
        Table(STANDARD.astype(object)),
        [[Fraction(1), Decimal(0)], [np.float16(1), np.uint8(1)], [False, np.True_]],
        np.array(
            [
                [Fraction(1), Decimal("0.0")],
                [np.float16(1), np.uint8(1)],
                [False, np.True_],
            ],
            object,
        ),
    ],
    ids=lambda same: f"{type(same).__name__} {getattr(same, 'dtype', '')}",
)
def test_every_kind_of_number(same):
    got = check_matrix(same)
    assert (
        got.dtype == np.float64
        and got.dtype.isnative
        and type(got) is np.ndarray
        and got.flags.c_contiguous
    )
    np.testing.assert_array_equal(got, STANDARD)
    column = check_vector(got[:, 0].astype(getattr(same, "dtype", float)), 3)
    np.testing.assert_array_equal(column, STANDARD[:, 0])


def test_maps_of_files(tmp_path):
    np.save(tmp_path / "X.npy", STANDARD)
    got = check_matrix(np.load(tmp_path / "X.npy", mmap_mode="r"))
    np.testing.assert_array_equal(got, STANDARD)


NOT_NUMBERS = {
    "masked": np.ma.array([1.0, 2.0], mask=[False, True]),
    "masked, nothing hidden": np.ma.array([1.0, 2.0]),
    "masked parts": [np.ma.array(1.0, mask=True), 2.0],
    "masked constant": [np.ma.masked, 2.0],
    "masked inside a table": Table(np.ma.array([1.0, 2.0], mask=[False, True])),
    "dates": np.array(["2026-01-01", "NaT"], "datetime64[D]"),
    "one date": [np.datetime64("2026-01-01"), None],
    "durations": np.array([1, 2], "timedelta64[s]"),
    "durations as objects": np.array([np.timedelta64(1, "s"), 2], object),
    "Python dates": [datetime.date(2026, 1, 1), datetime.datetime(2026, 1, 1)],
    "Python durations": [datetime.timedelta(1), datetime.timedelta(2)],
    "text": ["1", "2"],
    "text with underscore": ["1_0", "2"],
    "text among numbers": np.array(["1_0", 2.0], object),
    "bytes": [b"1", b"2"],
    "complex": [1j, 2.0],
    "complex objects": np.array([np.complex128(1), 2.0], object),
    "short complex objects": np.array([np.complex64(1), 2.0], object),
    "records": np.array([(1, 2.0)], "i4,f8"),
    "sparse matrix": sp.csr_matrix([[1.0, 2.0]]),
    "sparse array": sp.csr_array([[1.0, 2.0]]),
    "sparse array of one dimension": sp.coo_array(np.array([1.0, 2.0])),
    "sparse row in a list": [sp.csr_array([[1.0]]), 2.0],
    "None": None,
    "missing": [1.0, None],
    "missing, in a table": Table(np.array([1.0, Missing()], object)),
    "generator": (i for i in range(3)),
    "dictionary": {0: 1.0, 1: 2.0},
    "set": {1.0, 2.0},
    "function": len,
    "a table that refuses": Table(
        TypeError("can't convert a tensor on another device")
    ),
    "a table that fails": Table(RuntimeError("call detach() first")),
    "classes": [int, float],
    "no array": object(),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", NOT_NUMBERS)
@pytest.mark.parametrize(
    "check",
    [
        as_floats,
        lambda v, name: check_matrix(v, name),
        lambda v, name: check_vector(v, name=name),
    ],
)
def test_what_is_no_number_is_refused(kind, check):
    with pytest.raises(
        TypeError, match=r"^targets must (be|hold) .*; got .*"
    ) as caught:
        check(NOT_NUMBERS[kind], "targets")
    assert (
        caught.value.__context__ is None or caught.value.__suppress_context__
    ) and len(str(caught.value)) < 300


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "values, says",
    [
        ([[1.0, 2.0], [3.0]], "rows of equal length"),
        ([[1.0], 2.0], "rows of equal length"),
        ([HUGE, 1.0], "got a whole number of 401 digits"),
        ([10**5000, 1.0], "got a whole number of 5001 digits"),
        (np.array([Fraction(HUGE), 1.0], object), "double precision; got Fraction"),
        (
            np.array([Fraction(10**5000), 1.0], object),
            "double precision; got a Fraction",
        ),
        (np.array([Decimal("1e400"), 1.0], object), "must be finite; got inf"),
        (np.array(["1e400", "1"]).astype(np.longdouble), "must be finite; got inf"),
        ([float("nan"), 1.0], "must be finite; got nan"),
        (np.array([Decimal("nan"), 1.0], object), "must be finite; got nan"),
        (3.0, r"got shape \(\)"),
        (np.float64(3.0), r"got shape \(\)"),
        (np.array(3), r"got shape \(\)"),
        ([], "at least one"),
        ([[1.0], [2.0]], r"got shape \(2, 1\). Use y.ravel"),
    ],
    ids=lambda v: v if isinstance(v, str) else type(v).__name__,
)
def test_vectors_that_are_wrong_in_another_way(values, says):
    if (
        np.finfo(np.longdouble).max == np.finfo(float).max
        and getattr(values, "dtype", None) == np.longdouble
    ):
        pytest.skip("no longer arithmetic on this machine")
    with pytest.raises(ValueError, match=says):
        check_vector(values)


def test_small_kinds_become_long_before_arithmetic():
    assert as_floats(np.array([300.0], np.float16), "X")[0] ** 2 == 90000
    assert as_floats(np.array([200, 100], np.uint8), "X").sum() == 300
    assert as_floats(np.array([1e20], np.float32), "X")[0] ** 3 > 1e59
    assert as_floats(np.array([-(2**63)], np.int64), "X")[0] == -(2.0**63)


def test_the_index_of_a_table_is_dropped():
    pd = pytest.importorskip("pandas")
    series = pd.Series([1.0, 2.0, 3.0], index=[2, 0, 1])
    np.testing.assert_array_equal(check_vector(series), [1, 2, 3])
    np.testing.assert_array_equal(
        check_vector(pd.Series([1, 2], dtype="Int64")), [1, 2]
    )
    for missing in (
        pd.Series([1, None], dtype="Int64"),
        pd.Series(["2026-01-01"], dtype="datetime64[ns]"),
        pd.Series(["a"], dtype="category"),
    ):
        with pytest.raises((TypeError, ValueError), match="^y must"):
            check_vector(missing)


@given(
    hnp.arrays(
        st.one_of(hnp.integer_dtypes(), hnp.floating_dtypes(), hnp.boolean_dtypes()),
        hnp.array_shapes(max_dims=3),
    )
)
def test_any_array_of_numbers(values):
    got = as_floats(values, "X")
    assert got.dtype == np.float64 and got.shape == values.shape
    with np.errstate(over="ignore"):
        np.testing.assert_array_equal(got, values.astype(float))
    assert as_floats(got, "X") is got or not got.flags.c_contiguous


@given(
    hnp.arrays(
        st.one_of(
            hnp.datetime64_dtypes(),
            hnp.timedelta64_dtypes(),
            hnp.unicode_string_dtypes(),
            hnp.complex_number_dtypes(),
        ),
        3,
    )
)
def test_no_other_array(values):
    for strange in (values, values.astype(object)):
        if strange.dtype == object and all(isinstance(v, int) for v in strange):
            continue  # times in units that Python has no type for become plain numbers on the way, out of our sight
        with pytest.raises(TypeError):
            as_floats(strange, "X")


GOOD = [
    1,
    2.5,
    np.int8(3),
    np.float16(0.5),
    np.float32(2),
    np.longdouble(2),
    np.uint64(7),
    Fraction(1, 3),
    Decimal("0.25"),
]


@pytest.mark.parametrize("value", [*GOOD, np.array(2.0)], ids=repr)
def test_positive_numbers(value):
    for check in (check_positive, check_nonnegative):
        got = check(value, "lam", "")
        assert type(got) is float and got == float(value)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "value",
    [
        *(
            -1,
            float("nan"),
            float("inf"),
            -np.inf,
            True,
            np.True_,
            "1",
            b"1",
            None,
            [1.0],
            1j,
            HUGE,
            Fraction(HUGE),
        ),
        *(
            np.timedelta64(3, "s"),
            np.datetime64("2026"),
            np.array([1.0]),
            np.ma.masked,
            np.array(True),
            np.ma.array(1.0, mask=True),
        ),
        *(
            Missing(),
            Decimal("nan"),
            Decimal("inf"),
            Decimal("sNaN"),
            np.complex128(1),
            datetime.timedelta(1),
            int,
            10**5000,
        ),
    ],
    ids=lambda v: type(v).__name__,
)
def test_other_values_are_no_strengths(value):
    for check, says in (
        (check_positive, "a positive number"),
        (check_nonnegative, "a number of at least zero"),
    ):
        with pytest.raises(ValueError, match=f"^lam must be {says}; got .*. Try 1.$"):
            check(value, "lam", "Try 1.")


@pytest.mark.parametrize(
    "value", [0, -0.0, np.float32(0), Fraction(1, HUGE), Decimal("1e-400")], ids=repr
)
def test_zero_is_not_positive_also_after_rounding(value):
    assert check_nonnegative(value, "lam", "") == 0
    with pytest.raises(ValueError, match="lam must be a positive number"):
        check_positive(value, "lam", "")


def test_counts():
    for value in (1, 7, np.int8(7), np.uint64(7), np.array(7), 10**15):
        got = check_count(value, "n", "")
        assert type(got) is int and got == int(value)
    for value in (
        0,
        -1,
        1.0,
        2.5,
        True,
        np.True_,
        "3",
        None,
        np.timedelta64(3, "s"),
        np.array([3]),
        Fraction(3),
        np.array(True),
        -HUGE,
    ):
        with pytest.raises(
            ValueError,
            match="^n must be a whole number of at least 1; got .*. Ask for 5.$",
        ):
            check_count(value, "n", "Ask for 5.")
    for value in (10**15 + 1, HUGE):
        with pytest.raises(
            ValueError, match="^n must be a whole number of at most 1e\\+15; got"
        ):
            check_count(value, "n", "Ask for 5.")


def test_names_kinds_flags_generators():
    assert check_choice("a", "kind", ("a", "b")) == "a"
    for value in ("c", None, 1, ["a"], np.array(["a"])):
        with pytest.raises(ValueError, match="^kind must be one of 'a', 'b'; got"):
            check_choice(value, "kind", ("a", "b"))
    assert check_flag(np.True_, "flag") is True
    for value in (1, 0, None, "True", np.array([True])):
        with pytest.raises(TypeError, match="^flag must be True or False; got"):
            check_flag(value, "flag")
    for value in (0, None, np.random, np.random.RandomState(0), np.random.Generator):
        with pytest.raises(
            TypeError, match="^rng must be a numpy.random.Generator; got"
        ):
            check_rng(value)
    with pytest.raises(
        TypeError, match="loss must be a int or str; got float. Make one."
    ):
        check_kind(1.0, "loss", (int, str), "Make one.")
    with pytest.raises(TypeError, match="got the class int itself"):
        check_kind(int, "loss", int, "Make one.")


def test_a_row_can_be_named():
    with pytest.raises(
        ValueError,
        match=re.escape(
            "W must be a table of shape (n, d), one row a mask; got shape (2,)."
        ),
    ):
        check_matrix([1.0, 2.0], "W", rows="a mask")


def test_frozen_copies():
    values = np.ones((2, 2))
    copy = frozen(values)
    values[0, 0] = 5
    assert copy[0, 0] == 1 and not copy.flags.writeable
    with pytest.raises(ValueError):
        copy[0, 0] = 2


def test_a_fraction_that_is_zero_in_double_precision_is_not_positive():
    with pytest.raises(ValueError, match="lam must be a positive number"):
        check_positive(Fraction(1, 10**400), "lam", "")
