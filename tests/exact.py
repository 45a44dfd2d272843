"""Slow answers in whole numbers and fractions, to hold fast ones against."""

from fractions import Fraction
from itertools import combinations

import numpy as np


def fractions(A):
    "A table of floats as lists of fractions, without a digit lost."
    return [[Fraction(float(a)) for a in row] for row in np.atleast_2d(A)]


def dot(a, b):
    return sum((x * y for x, y in zip(a, b)), Fraction(0))


def rank(rows):
    "The rank of lists of fractions, by elimination."
    rows, found = [list(row) for row in rows], 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            factor = rows[i][column] / rows[found][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[found])]
        found += 1
    return found


def solved(A, b):
    "The solution of a square system of fractions with one solution."
    rows = [list(row) + [value] for row, value in zip(A, b)]
    n = len(rows)
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [a / rows[k][k] for a in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k])]
    return [row[n] for row in rows]


def cells(X):
    "How many cells the planes of X cut, by Whitney's sum over all sets of rows."
    rows = [row for row in fractions(X) if any(row)]
    return sum(
        (-1) ** (size - rank(chosen))
        for size in range(len(rows) + 1)
        for chosen in combinations(rows, size)
    )


def signs(X, gates):
    "The signs of all products of rows and gates, exactly."
    rows, lines = fractions(X), fractions(gates)
    return np.array(
        [[(dot(row, g) > 0) - (dot(row, g) < 0) for g in lines] for row in rows]
    )


def weighted_gram(X, patterns, weights):
    "K = sum_i weights_i D_i X X' D_i in fractions."
    rows = fractions(X)
    w = [Fraction(float(value)) for value in weights]
    return [
        [
            dot(rows[a], rows[b])
            * sum((w[i] for i in range(len(w)) if patterns[a][i] and patterns[b][i]))
            for b in range(len(rows))
        ]
        for a in range(len(rows))
    ]


def floats(values):
    return np.array([float(value) for value in values])
