"""The mean field's inner loop: many regions and people in vector lanes, compiled once per machine.

One step serves both forms. In a batch a row of lanes is one region of many people; alone it is
many regions of one person. All is single precision and flat, so that the compiler sees whole
vectors. numba looks only at this file's date: touch it after a change in the files it imports.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from defaultmode.simulation import hemodynamics as blood
from defaultmode.simulation.compiling import compiled, inlined, kept, widest_vectors
from defaultmode.simulation.coupling import receive_alone, receive_batch

f4, u4, i4 = np.float32, np.uint32, np.int32
Singles = NDArray[np.float32]

LANES = 64  # of one group; arrays lie [group][row][lane], and a row is named by where it begins
# rows that every step touches: S_I, the coefficients (`fused` tells them), the excitatory rate
FAST = 12 * LANES
S_I, U_0, U_E, U_X, U_I, V_E, V_F, KEEP_E, NOISE_E, NOISE_I, SHARED, RATE = range(0, FAST, LANES)
# rows that every millisecond touches: adaptation and its coefficients, blood flow, sums
SLOW = 12 * LANES
ADAPTATION, BASE, ONTO_U, BETA, DECAY = range(0, 5 * LANES, LANES)
SIGNAL, INFLOW, VOLUME, DEOXY = range(5 * LANES, 9 * LANES, LANES)
RATES, DRIVES, UNSAMPLED = range(9 * LANES, SLOW, LANES)
# rows of the random streams: their four words
RANDOM = 4 * LANES
A, B, C, D = range(0, RANDOM, LANES)


class Tile(NamedTuple):
    """The memory of one batch, or of one person alone.

    sent, received, fed : S_E and the inputs along both routes, [group][lane]
    fast, slow, random : [group][row][lane], the rows by the names above
    shared_random, shared : the stream that all regions share, as `random`, and its normals
    weights, feed : matrices as `coupling.packed` and, alone, `coupling.transposed`; empty for none
    """

    sent: Singles
    received: Singles
    fed: Singles
    fast: Singles
    slow: Singles
    random: NDArray[np.uint32]
    shared_random: NDArray[np.uint32]
    shared: Singles
    weights: Singles
    feed: Singles


class Scales(NamedTuple):
    """Numbers that are the same for every region and person, in single precision."""

    gain_e: np.float32  # γ_E dt / d_E
    gain_i: np.float32  # γ_I dt / d_I
    keep_i: np.float32  # 1 − dt/τ_I
    v_0: np.float32
    v_i: np.float32


class Clock(NamedTuple):
    """Steps of this call.

    to_volume, to_sample : ms until the next is due
    shape : of a product: regions, and lanes of one row
    alone : one person; otherwise a batch
    shares : somebody receives shared noise
    """

    n_ms: int
    steps_per_ms: int
    coupling_steps: int
    to_volume: int
    tr_ms: int
    to_sample: int
    activity_ms: int
    shape: tuple[int, int]
    alone: bool
    shares: bool


@inlined
def scaled_rate(u: Any) -> Any:
    """The rate u / (1 − exp(−u)) as a ratio of polynomials; error below 1e-6 (Deco 2014, eq. 7)."""
    held = max(u, f4(-16))
    x = min(held, f4(16))
    t = x * x
    top = f4(3.6375312864894403e-06) + t * f4(9.101632973567241e-10)
    top = f4(1.000000590657044) + t * (
        f4(0.1155419671211064) + t * (f4(0.0014771289043698423) + t * top)
    )
    below = f4(0.00018174078414003866) + t * f4(1.7189374616989657e-07)
    below = f4(1) + t * (f4(0.032209412088696904) + t * below)
    return top / below + (held - x * f4(0.5))


@inlined
def rotated(word: Any, bits: Any) -> Any:
    """A word of 32 bits turned to the left."""
    return u4(word << u4(bits)) | u4(word >> u4(32 - bits))


@inlined
def moved_on(a: Any, b: Any, c: Any, d: Any) -> Any:
    """One word of xoshiro128++ and the state after it."""
    word = u4(rotated(u4(a + d), 7) + a)
    shifted = u4(b << u4(9))
    c = c ^ a
    d = d ^ b
    return word, a ^ d, b ^ c, c ^ shifted, rotated(d, 11)


@inlined
def two_words(random: Any, at: Any) -> Any:
    """The next two words of the stream whose first row has its place at `at`."""
    a, b, c, d = random[at + A], random[at + B], random[at + C], random[at + D]
    first, a, b, c, d = moved_on(a, b, c, d)
    second, a, b, c, d = moved_on(a, b, c, d)
    random[at + A], random[at + B], random[at + C], random[at + D] = a, b, c, d
    return first, second


@inlined
def natural_log(x: Any) -> Any:
    """The natural logarithm in (0, 1], error below 2e-7 of it (Cephes' polynomial for logf)."""
    bits = f4(x).view(u4)
    exponent = i4(bits - u4(0x3F3504F3)) >> i4(23)
    f = u4(bits - u4(u4(exponent) << u4(23))).view(f4) - f4(1)
    z = f * f
    p = f4(1.1676998740e-1) + f * (f4(-1.1514610310e-1) + f * f4(7.0376836292e-2))
    p = f4(-1.6668057665e-1) + f * (f4(1.4249322787e-1) + f * (f4(-1.2420140846e-1) + f * p))
    p = f4(3.3333331174e-1) + f * (f4(-2.4999993993e-1) + f * (f4(2.0000714765e-1) + f * p))
    return f4(exponent) * f4(0.6931471806) + (f - z * f4(0.5) + f * z * p)


@inlined
def two_normals(first: Any, second: Any) -> Any:
    """Box & Muller's pair: R sin πx and R cos πx, by way of half the angle; error below 3e-6.

    Sine and cosine are our own least-maximum fits over a quarter turn, true to 6e-8.
    """
    uniform = (f4(i4(first >> u4(8))) + f4(0.5)) * f4(1 / 2**24)
    radius = f4(math.sqrt(f4(-2) * natural_log(uniform)))
    y = f4(u4(second).view(i4)) * f4(1 / 2**32)
    q = y * y
    sine = f4(2.5500313766660927) + q * (f4(-0.5980451705183584) + q * f4(0.07722012350942792))
    sine = y * (f4(3.141592580044863) + q * (f4(-5.167706878907726) + q * sine))
    cosine = f4(4.058451343592136) + q * (f4(-1.3320938795214083) + q * f4(0.2200806832602278))
    cosine = f4(1) + q * (f4(-4.934795518197632) + q * cosine)
    part = f4(2) * radius * sine
    return part * cosine, radius - part * sine


LOG_LEFT = math.log(1.0 - blood.RHO)


@inlined
def eighth_power_series(w: Any) -> Any:
    """exp(8 w) for small w: a series of seven terms, squared three times."""
    p = f4(1 / 120) + w * (f4(1 / 720) + w * f4(1 / 5040))
    p = f4(1) + w * (f4(1) + w * (f4(1 / 2) + w * (f4(1 / 6) + w * (f4(1 / 24) + w * p))))
    p = p * p
    p = p * p
    return p * p


@compiled
def step(tile: Tile, scales: Scales) -> None:
    """One Euler–Maruyama step of S_E and S_I in every lane."""
    widest_vectors()
    sent, received, fed = tile.sent, tile.received, tile.fed
    fast, random, shared = tile.fast, tile.random, tile.shared
    gain_e, gain_i, keep_i, v_0, v_i = scales
    for group in range(sent.size // LANES):
        at, f, r = group * LANES, group * FAST, group * RANDOM
        for x in range(LANES):
            e, s = sent[at + x], fast[f + S_I + x]
            u = fast[f + U_0 + x] + fast[f + U_E + x] * e
            u += fast[f + U_X + x] * received[at + x] - fast[f + U_I + x] * s
            v = v_0 + fast[f + V_E + x] * e + fast[f + V_F + x] * fed[at + x]
            rate_e, rate_i = scaled_rate(u), scaled_rate(v - v_i * s)
            first, second = two_words(random, r + x)
            normal_e, normal_i = two_normals(first, second)
            rise = gain_e * rate_e
            e = e * (fast[f + KEEP_E + x] - rise) + rise
            e += fast[f + NOISE_E + x] * normal_e
            e += fast[f + SHARED + x] * shared[x]
            s = s * keep_i + gain_i * rate_i + fast[f + NOISE_I + x] * normal_i
            sent[at + x] = min(max(e, f4(0)), f4(1))
            fast[f + S_I + x] = max(s, f4(0))
            fast[f + RATE + x] = rate_e


@compiled
def share(tile: Tile, shares: bool) -> None:
    """The next shared normals; the stream moves on even where nobody listens."""
    widest_vectors()
    for x in range(LANES):
        first, second = two_words(tile.shared_random, x)
        if shares:
            tile.shared[x] = two_normals(first, second)[0]


@compiled
def receive(tile: Tile, shape: tuple[int, int], alone: bool) -> None:
    """The inputs along both routes; nothing is done for one that has no connections."""
    if tile.weights.size and alone:
        receive_alone(tile.weights, tile.sent, tile.received, shape)
    elif tile.weights.size:
        receive_batch(tile.weights, tile.sent, tile.received, shape)
    if tile.feed.size and alone:
        receive_alone(tile.feed, tile.sent, tile.fed, shape)
    elif tile.feed.size:
        receive_batch(tile.feed, tile.sent, tile.fed, shape)


@compiled
def millisecond(tile: Tile) -> None:
    """What moves once per millisecond: sums, adaptation, blood flow (as `hemodynamics.advance`)."""
    widest_vectors()
    fast, slow = tile.fast, tile.slow
    h, transit = f4(blood.STEP_S), f4(blood.STEP_S / blood.TAU_S)
    for group in range(tile.sent.size // LANES):
        f, m = group * FAST, group * SLOW
        for x in range(LANES):
            e = tile.sent[group * LANES + x]
            slow[m + RATES + x] += fast[f + RATE + x]
            slow[m + DRIVES + x] += e
            slow[m + UNSAMPLED + x] += e
            adapted = slow[m + ADAPTATION + x]
            adapted += slow[m + BETA + x] * e - slow[m + DECAY + x] * adapted
            slow[m + ADAPTATION + x] = adapted
            fast[f + U_0 + x] = slow[m + BASE + x] - slow[m + ONTO_U + x] * adapted
            signal, flow = slow[m + SIGNAL + x], slow[m + INFLOW + x]
            volume, deoxy = slow[m + VOLUME + x], slow[m + DEOXY + x]
            full = f4(1) + volume
            outflow = full * full * full * f4(math.sqrt(math.sqrt(math.sqrt(full))))
            left = eighth_power_series(f4(LOG_LEFT / 8) / (f4(1) + flow))
            taken = (f4(1) + flow) * (f4(1) - left) * f4(1 / blood.RHO)
            pull = f4(blood.KAPPA_PER_S) * signal + f4(blood.GAMMA_PER_S) * flow
            slow[m + SIGNAL + x] = signal + h * (e - pull)
            slow[m + INFLOW + x] = flow + h * signal
            slow[m + VOLUME + x] = volume + transit * (f4(1) + flow - outflow)
            slow[m + DEOXY + x] = deoxy + transit * (taken - outflow * (f4(1) + deoxy) / full)


@compiled
def write_volume(tile: Tile, volume: Singles) -> None:
    """BOLD in percent of rest (as `hemodynamics.percent_signal`), one value per lane."""
    slow = tile.slow
    for group in range(tile.sent.size // LANES):
        m = group * SLOW
        for x in range(LANES):
            full = slow[m + VOLUME + x]
            deoxy = slow[m + DEOXY + x]
            ratio = (full - deoxy) / (f4(1) + full)
            change = f4(-blood.K_1) * deoxy + f4(blood.K_2) * ratio - f4(blood.K_3) * full
            volume[group * LANES + x] = f4(100 * blood.V_0) * change


@compiled
def write_sample(tile: Tile, sample: Singles, activity_ms: int) -> None:
    """Mean S_E since the last sample, one value per lane."""
    for group in range(tile.sent.size // LANES):
        row = group * SLOW + UNSAMPLED
        for x in range(LANES):
            sample[group * LANES + x] = tile.slow[row + x] / f4(activity_ms)
            tile.slow[row + x] = f4(0)


@kept
def run(tile: Tile, scales: Scales, clock: Clock, bold: Singles, activity: Singles) -> None:
    """Goes on for `clock.n_ms`; bold (n_volumes, n_lanes) and activity (n_samples, n_lanes)."""
    to_volume, to_sample = clock.to_volume, clock.to_sample
    volume = sample = 0
    for _ in range(clock.n_ms):
        for k in range(clock.steps_per_ms):
            if k % clock.coupling_steps == 0:
                receive(tile, clock.shape, clock.alone)
            share(tile, clock.shares)
            step(tile, scales)
        millisecond(tile)
        to_volume -= 1
        if to_volume == 0:
            write_volume(tile, bold[volume])
            volume, to_volume = volume + 1, clock.tr_ms
        to_sample -= 1
        if to_sample == 0:
            write_sample(tile, activity[sample], clock.activity_ms)
            sample, to_sample = sample + 1, clock.activity_ms
