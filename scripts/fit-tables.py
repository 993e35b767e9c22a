"""Writes native/simd/tables.gen.h and native/kernels/elementwise/special_tables.gen.h: polynomials of functions.

    python3 scripts/fit-tables.py [NAME ...]      (needs mpmath; names: only print the errors of these)

A piecewise function is fitted on sixteen intervals. v = x + offset lies in [first, first * 2^(16 / 2^bits)): an interval is
what shares the exponent and the first `bits` bits of the mantissa of v, and the polynomial's variable is the distance of x
from its middle. Column i of a table belongs to the intervals whose bits, modulo 16, are i. Interpolation in Chebyshev nodes,
the least degree whose relative error is below 2^-34 (for float32) and 2^-56. Those in single precision are of the same kind with
the exponent and mantissa of a float, taken from a number near the middle at which the constant term is as good as a float;
intervals from `last` on are not asked for, and filled with zeros.
"""
import struct
import sys
from pathlib import Path

from mpmath import besseli, besselj, digamma, erfc, erfinv, exp, inf, log, loggamma, mp, mpf, pi, sqrt

mp.dps = 60
TARGETS = {'kSingle': mpf(2) ** -34, 'kDouble': mpf(2) ** -56}


def interpolate(f, low, high, degree):
    """Coefficients in (x - middle) of the polynomial through f at Chebyshev nodes."""
    n = degree + 1
    middle, half = (low + high) / 2, (high - low) / 2
    nodes = [mp.cos(pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    values = [f(middle + half * t) for t in nodes]
    # Newton's divided differences, then multiplied out.
    table = list(values)
    for j in range(1, n):
        for i in range(n - 1, j - 1, -1):
            table[i] = (table[i] - table[i - 1]) / (nodes[i] - nodes[i - j])
    c = [table[n - 1]]
    for i in range(n - 2, -1, -1):
        shifted = [mpf(0)] + c
        for k, value in enumerate(c):
            shifted[k] -= nodes[i] * value
        shifted[0] += table[i]
        c = shifted
    return [value / half**k for k, value in enumerate(c)]


def error_of(f_values, points, middle, c):
    worst = mpf(0)
    for x, want in zip(points, f_values):
        got = mpf(0)
        for value in reversed(c):
            got = got * (x - middle) + value
        worst = max(worst, abs((got - want) / want) if want != 0 else abs(got))
    return worst


def fit(f, low, high, target, least=2):
    low, high = mpf(low), mpf(high)
    points = [low + (high - low) * (mpf(2 * k + 1) / 48) for k in range(24)]
    points += [low + (high - low) * mpf(1) / 10**6, high - (high - low) / 10**6]
    values = [f(x) for x in points]
    for degree in range(least, 40):
        c = interpolate(f, low, high, degree)
        error = error_of(values, points, (low + high) / 2, c)
        if error <= target:
            return c, error
    raise ValueError(f'no degree up to 40 on {low}, {high}: {error}')


def number(value):
    return float(value).hex()


def rows(values, width=4):
    out = []
    for i in range(0, len(values), width):
        out.append('       ' + ', '.join(values[i : i + width]))
    return ',\n'.join(out)


def piecewise(name, comment, f, offset, first, bits):
    text = [f'// {comment}', f'struct {name} {{', f'  static constexpr int kBits = {bits};']
    text += [f'  static constexpr double kOffset = {float(offset)!r};']
    exponent = int(mp.log(first, 2))
    intervals = []
    for i in range(16):
        e, part = divmod(i, 2**bits)
        low = mpf(2) ** (exponent + e) * (1 + mpf(part) / 2**bits)
        high = low + mpf(2) ** (exponent + e - bits)
        column = (((1023 + exponent + e) << bits) + part) % 16
        intervals.append((column, low - offset, high - offset))
    report = [name]
    for grade, target in TARGETS.items():
        fits = {column: fit(f, low, high, target) for column, low, high in intervals}
        degree = max(len(c) for c, _ in fits.values())
        for column, low, high in intervals:  # all of one degree
            if len(fits[column][0]) < degree:
                fits[column] = fit(f, low, high, target, degree - 1)
        worst = max(error for _, error in fits.values())
        report.append(f'{grade}: degree {degree - 1}, 2^{float(mp.log(worst, 2)):.1f}')
        lines = []
        for k in range(degree):
            lines.append('      {\n' + rows([number(fits[i][0][k]) for i in range(16)]).replace('       ', '          ') + '}')
        text.append(f'  static constexpr double {grade}[][16] = {{\n' + ',\n'.join(lines) + '};')
    text.append('};\n')
    print(*report, flush=True)
    return '\n'.join(text)


def piecewise_single(name, comment, f, offset, bits, degree, last):
    """In single precision throughout; the intervals start with that of x = 0."""
    offset, last = mpf(offset), mpf(last)
    exponent = int(mp.floor(mp.log(offset, 2)))
    first = ((127 + exponent) << bits) + int((offset / mpf(2) ** exponent - 1) * 2**bits)
    columns, worst = {}, mpf(0)
    for code in range(first, first + 16):
        e, part = (code >> bits) - 127, code % 2**bits
        low = mpf(2) ** e * (1 + mpf(part) / 2**bits) - offset
        high = low + mpf(2) ** (e - bits)
        columns[code % 16] = [mpf(0)] * (degree + 2)
        if low >= last:
            continue
        middle, c = about_middle(interpolate(f, low, high, degree), low, high)
        columns[code % 16] = [middle] + c
        points = [low + (high - low) * (mpf(2 * k + 1) / 48) for k in range(24)]
        worst = max(worst, error_of([f(x) for x in points], points, middle, c))
    print(name, f'kFloat: degree {degree}, 2^{float(mp.log(worst, 2)):.1f}', flush=True)
    text = [f'// {comment}, x < {float(last)}; the numbers that x is taken from, then the coefficients']
    text += [f'struct {name} {{', f'  static constexpr int kBits = {bits};']
    text += [f'  static constexpr float kOffset = {float(offset)!r}f;', '  static constexpr float kFloat[][16] = {']
    lines = []
    for k in range(degree + 2):
        values = [single(columns[i][k]).hex() + 'f' for i in range(16)]
        lines.append('      {\n' + rows(values).replace('       ', '          ') + '}')
    return '\n'.join(text) + '\n' + ',\n'.join(lines) + '};\n};\n'


def about_middle(c, low, high):
    """A number near the middle about which the constant term is as good as a float, and the polynomial about it."""
    best = None
    for k in range(-64, 65):
        shift = (high - low) * k / 4096
        about = [sum(c[j] * mp.binomial(j, i) * shift ** (j - i) for j in range(i, len(c))) for i in range(len(c))]
        error = abs(mpf(single(about[0])) / about[0] - 1)
        if best is None or error < best[0]:
            best = error, (low + high) / 2 + shift, about
    return best[1:]


def single(value):
    return struct.unpack('f', struct.pack('f', float(value)))[0]


def polynomial(name, comment, f, low, high, grades=('kSingle', 'kDouble')):
    """In x itself, the constant term first."""
    text = [f'// {comment}', f'struct {name} {{']
    report = [name]
    for grade in grades:
        target = TARGETS[grade]
        for degree in range(1, 40):
            low_, high_ = mpf(low), mpf(high)
            c = interpolate(f, low_, high_, degree)
            middle = (low_ + high_) / 2
            shifted = [mpf(0)] * len(c)
            for k, value in enumerate(c):  # from (x - middle)^k to x^k
                for j in range(k + 1):
                    shifted[j] += value * mp.binomial(k, j) * (-middle) ** (k - j)
            points = [low_ + (high_ - low_) * (mpf(2 * k + 1) / 64) for k in range(32)]
            worst = error_of([f(x) for x in points], points, mpf(0), [mpf(float(v)) for v in shifted])
            exact = error_of([f(x) for x in points], points, mpf(0), shifted)
            if exact <= target:
                break
        report.append(f'{grade}: degree {degree}, 2^{float(mp.log(exact, 2)):.1f}, rounded 2^{float(mp.log(worst, 2)):.1f}')
        text.append(f'  static constexpr double {grade}[] = {{\n' + rows([number(v) for v in shifted]).replace('       ', '      ') + '};')
    text.append('};\n')
    print(*report, flush=True)
    return '\n'.join(text)


def inverse_erf(w):
    """erfinv(x) / x at x = sqrt(1 - exp(-w))."""
    w = mpf(w)
    if w == 0:
        return sqrt(pi) / 2
    x = sqrt(-mp.expm1(-w))
    if w < 40:
        return erfinv(x) / x
    tail = exp(-w) / (1 + x)  # 1 - x
    y = sqrt(w)
    target = log(tail)
    for _ in range(60):
        step = (log(erfc(y)) - target) * erfc(y) * sqrt(pi) / 2 * exp(y * y)
        y += step
        if abs(step) < mpf(10) ** -50:
            break
    return y / x


def gamma_over_zeros(x):
    """log gamma(x) / ((x - 1) (x - 2))."""
    for zero in (1, 2):
        if abs(x - zero) < mpf(10) ** -20:
            x = zero + mpf(10) ** -20
    return mp.loggamma(x).real / ((x - 1) * (x - 2))


PSI_ZERO = mp.findroot(digamma, mpf('1.4616321449683623'))


def psi_over_zero(x):
    return mp.psi(1, PSI_ZERO) if abs(x - PSI_ZERO) < mpf(10) ** -25 else digamma(x) / (x - PSI_ZERO)


J0_ZEROS = [mp.besseljzero(0, k) for k in (1, 2)]
J1_ZEROS = [mp.besseljzero(1, k) for k in (1, 2)]


def over_squares(value, x, zeros):
    for zero in zeros:
        value /= x * x - zero * zero
    return value


def j0_over_zeros(x):
    if any(abs(x - zero) < mpf(10) ** -20 for zero in J0_ZEROS):
        x += mpf(10) ** -20
    return over_squares(besselj(0, x), x, J0_ZEROS)


def j1_over_zeros(x):
    if x == 0:
        return over_squares(mpf(1) / 2, mpf(0), J1_ZEROS)
    if any(abs(x - zero) < mpf(10) ** -20 for zero in J1_ZEROS):
        x += mpf(10) ** -20
    return over_squares(besselj(1, x) / x, x, J1_ZEROS)


def hankel(order, odd):
    """P, or x Q, of J = sqrt(2 / (pi x)) (P cos(x - phase) - Q sin(x - phase)), as functions of 1 / x^2."""

    def f(z):
        z = mpf(z)
        if z == 0:
            return mpf(1) if not odd else (mpf(4) * order * order - 1) / 8
        x = 1 / sqrt(z)
        phase = x - (2 * order + 1) * pi / 4
        j, y = besselj(order, x), mp.bessely(order, x)
        scale = sqrt(pi * x / 2)
        p = scale * (j * mp.cos(phase) + y * mp.sin(phase))
        q = scale * (y * mp.cos(phase) - j * mp.sin(phase))
        return q * x if odd else p

    return f


def stirling_rest(z):
    z = mpf(z)
    if z == 0:
        return mpf(1) / 12
    x = 1 / sqrt(z)
    return (mp.loggamma(x) - ((x - mpf(1) / 2) * log(x) - x + log(2 * pi) / 2)) * x


def psi_rest(z):
    z = mpf(z)
    if z == 0:
        return mpf(1) / 12
    x = 1 / sqrt(z)
    return (log(x) - 1 / (2 * x) - digamma(x)) / z


def scaled_i(order):
    def f(x):
        return exp(-x) * (besseli(order, x) if order == 0 else (besseli(1, x) / x if x != 0 else mpf(1) / 2))

    return f


def large_i(order):
    def f(z):
        if z == 0:
            return 1 / sqrt(2 * pi)
        return exp(-1 / z) * besseli(order, 1 / z) / sqrt(z)

    return f


def erfcx(x):
    return exp(x * x) * erfc(x)


def large_erfcx(z):
    return 1 / sqrt(pi) if z == 0 else erfcx(1 / sqrt(z)) / sqrt(z)


def over_argument(f, limit):
    return lambda x: mpf(limit) if x == 0 else f(x) / x


def tail(f, limit, order=2):
    """f of the root of z, and its limit at 0, where cancellation would need more digits."""
    return lambda z: mpf(limit) if z == 0 else f(sqrt(mpf(z)) if order == 2 else mpf(z))


def odd_tail(f, third):
    """(f(x) - x) / x^3 of z = x^2."""
    return tail(lambda x: (f(x) - x) / x**3, third)


def log_table():
    """1 / m and its logarithm for the sixteen intervals of [1, 2), the last seven for half of m."""
    inverse, logs, heads, rests = [], [], [], []
    for j in range(16):
        middle = 1 + (mpf(j) + mpf(1) / 2) / 16
        value = mpf(int(2**20 / middle)) / 2**20
        if j == 0:
            value = mpf(1)
        if j == 15:
            value = mpf(1) / 2
        inverse.append(number(value))
        logs.append(number(-log(value)))
        head = mp.floor(-log(value) * 2**33) / 2**33
        heads.append(number(head))
        rests.append(number(-log(value) - head))
    text = '// 1 / m for a number m of each sixteenth of [1, 2), short enough for exact products with a float, and log m, also in\n'
    text += '// two parts, the first of 33 bits. At both ends powers of two, so that logarithms near 0 keep their precision.\nstruct LogTable {\n'
    text += '  static constexpr double kInverse[] = {\n' + rows(inverse).replace('       ', '      ') + '};\n'
    for name, values in (('kLog', logs), ('kLogHead', heads), ('kLogRest', rests)):
        text += f'  static constexpr double {name}[] = {{\n' + rows(values).replace('       ', '      ') + '};\n'
    return text + '};\n'


HALF_LN2 = log(2) / 2 + mpf(1) / 10**6
QUARTER_PI = pi / 4 + mpf(1) / 10**6
DOUBLE = ('kDouble',)

SIMD = {
    'ExpTail': ('(exp(x) - 1 - x) / x^2', tail(lambda x: (exp(x) - 1 - x) / x**2, 0.5, 1), -HALF_LN2, HALF_LN2, DOUBLE),
    'Exp2Slope': ('(2^x - 1) / x', tail(lambda x: (mpf(2) ** x - 1) / x, log(2), 1), -0.5, 0.5, DOUBLE),
    'LogTail': (
        '(log((1 + s) / (1 - s)) - 2 s) / s^3 of s^2',
        tail(lambda s: (log((1 + s) / (1 - s)) - 2 * s) / s**3, mpf(2) / 3), 0, 0.0295, DOUBLE,
    ),
    'Log1pSlope': ('log(1 + x) / x', tail(lambda x: mp.log1p(x) / x, 1, 1), mpf(-1) / 24, mpf(1) / 16, ('kSingle',)),
    'PowTail': (
        '(log(1 + x) - x + x^2 / 2) / x^3',
        tail(lambda x: (mp.log1p(x) - x + x * x / 2) / x**3, mpf(1) / 3, 1), mpf(-1) / 24, mpf(1) / 16, DOUBLE,
    ),
    'SinTail': ('(sin(x) - x) / x^3 of x^2', odd_tail(mp.sin, mpf(-1) / 6), 0, QUARTER_PI**2, DOUBLE),
    'CosTail': (
        '(cos(x) - 1 + x^2 / 2) / x^4 of x^2',
        tail(lambda x: (mp.cos(x) - 1 + x * x / 2) / x**4, mpf(1) / 24), 0, QUARTER_PI**2, DOUBLE,
    ),
    'TanTail': ('(tan(x) - x) / x^3 of x^2', odd_tail(mp.tan, mpf(1) / 3), 0, QUARTER_PI**2, DOUBLE),
    'SinhTail': ('(sinh(x) - x) / x^3 of x^2', odd_tail(mp.sinh, mpf(1) / 6), 0, 1, DOUBLE),
    'SinPi': ('sin(pi x) / x of x^2', tail(lambda x: mp.sin(pi * x) / x, pi), 0, 0.25),
    'LargeErfcx': ('x exp(x^2) erfc(x) of 1 / x^2, x > 15', large_erfcx, 0, mpf(1) / 225),
    'ErfOverX': ('erf(x) / x', over_argument(mp.erf, 2 / sqrt(pi)), 0.5, 0.5, 2),
    'AtanTail': ('(atan(x) - x) / x^3', tail(lambda x: (mp.atan(x) - x) / x**3, mpf(-1) / 3, 1), 1, 1, 4),
    'AsinTail': ('(asin(x) - x) / x^3', tail(lambda x: (mp.asin(x) - x) / x**3, mpf(1) / 6, 1), 0.5, 0.5, 4),
    'Erfcx': ('exp(x^2) erfc(x)', erfcx, 1, 1, 2),
    'InverseErf': ('erfinv(x) / x of w = -log(1 - x^2)', inverse_erf, 4, 4, 1),
}
SINGLE = {
    'TanhOverXSingle': ('tanh(x) / x', over_argument(mp.tanh, 1), 0.75, 2, 6, 9.1),
    'ErfOverXSingle': ('erf(x) / x', over_argument(mp.erf, 2 / sqrt(pi)), 1.5, 3, 5, 3.95),
}
SPECIAL = {
    'LargeI0e': ('exp(-x) I0(x) sqrt(x) of 1 / x, x > 30', large_i(0), 0, mpf(1) / 30),
    'LargeI1e': ('exp(-x) I1(x) sqrt(x) of 1 / x, x > 30', large_i(1), 0, mpf(1) / 30),
    'HankelP0': ('P of J0, of 1 / x^2, x > 8', hankel(0, False), 0, mpf(1) / 64),
    'HankelQ0': ('x Q of J0', hankel(0, True), 0, mpf(1) / 64),
    'HankelP1': ('P of J1', hankel(1, False), 0, mpf(1) / 64),
    'HankelQ1': ('x Q of J1', hankel(1, True), 0, mpf(1) / 64),
    'StirlingRest': ("x times the rest of Stirling's formula, of 1 / x^2, x > 8", stirling_rest, 0, mpf(1) / 64),
    'DigammaRest': ('x^2 (log x - 1 / (2x) - digamma(x)) of 1 / x^2, x > 8', psi_rest, 0, mpf(1) / 64),
    'I0e': ('exp(-x) I0(x)', scaled_i(0), 2, 2, 2),
    'I1eOverX': ('exp(-x) I1(x) / x', scaled_i(1), 2, 2, 2),
    'J0OverZeros': ('J0(x) / ((x^2 - z1^2) (x^2 - z2^2)), its first zeros', j0_over_zeros, 8, 8, 4),
    'J1OverZeros': ('J1(x) / (x (x^2 - z1^2) (x^2 - z2^2)), its first zeros above 0', j1_over_zeros, 8, 8, 4),
    'LogGammaOverZeros': ('log gamma(x) / ((x - 1) (x - 2))', gamma_over_zeros, 0, 0.5, 2),
    'DigammaOverZero': ('digamma(x) / (x - its zero)', psi_over_zero, 0, 0.5, 2),
}

HEADER = """// Polynomials of functions. Written by scripts/fit-tables.py, which says how to read them; not to be edited.
#pragma once

namespace lanegrad::tables {

"""


def is_piecewise(row):
    return isinstance(row[-1], int) and row[-1] in (1, 2, 4) and len(row) == 5


def main():
    chosen = sys.argv[1:]
    native = Path(__file__).resolve().parent.parent / 'native'
    for file, table in (('simd/tables.gen.h', SIMD), ('kernels/elementwise/special_tables.gen.h', SPECIAL)):
        wanted = {name: row for name, row in table.items() if not chosen or name in chosen}
        parts = [(piecewise if is_piecewise(row) else polynomial)(name, *row) for name, row in wanted.items()]
        if table is SIMD:
            parts += [piecewise_single(name, *row) for name, row in SINGLE.items() if not chosen or name in chosen]
            parts.append(log_table())
        if not chosen:
            (native / file).write_text(HEADER + '\n'.join(parts) + '\n}  // namespace lanegrad::tables\n')


main()
