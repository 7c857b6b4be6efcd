"""Mixed models against published numbers, dense matrices and statsmodels on the same data."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

from defaultmode.statistics.mixed import mixed_model
from defaultmode.statistics.mixed_several import mixed_model_several

# Belenky et al. (2003), R's data set lme4::sleepstudy: reaction time (ms) of 18 people on ten days.
SLEEP = """
249.56 258.7047 250.8006 321.4398 356.8519 414.6901 382.2038 290.1486 430.5853 466.3535
222.7339 205.2658 202.9778 204.707 207.7161 215.9618 213.6303 217.7272 224.2957 237.3142
199.0539 194.3322 234.32 232.8416 229.3074 220.4579 235.4208 255.7511 261.0125 247.5153
321.5426 300.4002 283.8565 285.133 285.7973 297.5855 280.2396 318.2613 305.3495 354.0487
287.6079 285.0 301.8206 320.1153 316.2773 293.3187 290.075 334.8177 293.7469 371.5811
234.8606 242.8118 272.9613 309.7688 317.4629 309.9976 454.1619 346.8311 330.3003 253.8644
283.8424 289.555 276.7693 299.8097 297.171 338.1665 332.0265 348.8399 333.36 362.0428
265.4731 276.2012 243.3647 254.6723 279.0244 284.1912 305.5248 331.5229 335.7469 377.299
241.6083 273.9472 254.4907 270.8021 251.4519 254.6362 245.4523 235.311 235.7541 237.2466
312.3666 313.8058 291.6112 346.1222 365.7324 391.8385 404.2601 416.6923 455.8643 458.9167
236.1032 230.3167 238.9256 254.922 250.7103 269.7744 281.5648 308.102 336.2806 351.6451
256.2968 243.4543 256.2046 255.5271 268.9165 329.7247 379.4445 362.9184 394.4872 389.0527
250.5265 300.0576 269.8939 280.5891 271.8274 304.6336 287.7466 266.5955 321.5418 347.5655
221.6771 298.1939 326.8785 346.8555 348.7402 352.8287 354.4266 360.4326 375.6406 388.5417
271.9235 268.4369 257.2424 277.6566 314.8222 317.2135 298.1353 348.1229 340.28 366.5131
225.264 234.5235 238.9008 240.473 267.5373 344.1937 281.1481 347.5855 365.163 372.2288
269.8804 272.4428 277.8989 281.7895 279.1705 284.512 259.2658 304.6306 350.7807 369.4692
269.4117 273.474 297.5968 310.6316 287.1726 329.6076 334.4818 343.2199 369.1417 364.1236
"""
REACTION = np.array(SLEEP.split(), dtype=float)
DAYS, SUBJECT = np.tile(np.arange(10.0), 18), np.repeat(np.arange(18), 10)
SLEEP_X = np.column_stack([np.ones(180), DAYS])

# Davies & Goldsmith (1972), R's data set lme4::Penicillin: zone (mm) of samples A–F on 24 plates.
PENICILLIN = """
27 23 26 23 23 21  27 23 26 23 23 21  25 21 25 24 24 20  26 23 25 23 23 20
25 22 26 22 23 20  24 22 25 23 22 19  24 20 23 21 22 19  26 22 26 24 24 21
24 21 24 22 22 20  24 21 24 23 22 19  26 23 26 24 24 21  25 22 26 24 24 20
26 24 26 24 25 22  26 23 26 23 23 20  26 23 25 24 24 22  25 22 25 23 23 20
25 21 24 23 23 20  25 22 24 23 23 19  24 21 23 21 21 19  26 23 26 24 24 21
25 21 24 22 22 18  25 22 25 22 22 20  24 21 24 22 24 19  24 21 24 22 21 18
"""


def test_random_intercept_of_sleepstudy_agrees_with_lme4() -> None:
    # lmer(Reaction ~ Days + (1 | Subject), sleepstudy), lme4 and lmerTest: 251.4051 (9.7467),
    # 10.4673 (0.8042), standard deviations 37.12 and 30.99, REML criterion 1786.5; df 22.81 and 161.
    fit = mixed_model(REACTION, SLEEP_X, SUBJECT, names=("intercept", "days"))
    assert_allclose(fit.coefficients[:, 0], [251.4051, 10.4673], atol=5e-5)
    assert_allclose(fit.standard_errors[:, 0], [9.7467, 0.8042], atol=5e-5)
    assert_allclose(np.sqrt(fit.variances[:, 0]), [37.12, 30.99], atol=5e-3)
    assert_allclose(fit.df[:, 0], [22.81, 161.0], atol=5e-3)


def test_random_slope_of_sleepstudy_agrees_with_lme4() -> None:
    # lmerTest, help page of contest1D, (Days | Subject): 251.4051, se 6.824597, df 16.99973;
    # 10.46729, se 1.54579, df 16.99998. lme4: variances 612.10, 35.07, 654.94, correlation 0.07.
    fit = mixed_model_several(REACTION, SLEEP_X, SUBJECT, names=("intercept", "days"), slope=DAYS)
    assert_allclose(fit.coefficients[:, 0], [251.4051, 10.46729], atol=5e-5)
    assert_allclose(fit.standard_errors[:, 0], [6.824597, 1.54579], rtol=1e-5)
    assert_allclose(fit.df[:, 0], 17, atol=1e-3)  # balanced: exactly 17
    intercept, covariance, slope, residual = fit.variances[:, 0]
    assert_allclose([intercept, slope, residual], [612.10, 35.07, 654.94], atol=0.02)
    assert_allclose(covariance / np.sqrt(intercept * slope), 0.07, atol=5e-3)


def test_crossed_random_effects_of_penicillin_agree_with_lme4() -> None:
    # Bates et al. on lme4, fm2: diameter ~ 1 + (1 | plate) + (1 | sample): 22.9722 (0.8086),
    # standard deviations 0.8467, 1.9316 and 0.5499 (REML).
    diameter = np.array(PENICILLIN.split(), dtype=float)
    plate, sample = np.repeat(np.arange(24), 6), np.tile(list("ABCDEF"), 24)
    fit = mixed_model_several(diameter, np.ones((144, 1)), plate, names=("intercept",), site=sample)
    assert_allclose(fit.coefficients[0, 0], 22.9722, atol=5e-5)
    assert_allclose(fit.standard_errors[0, 0], 0.8086, atol=6e-5)
    assert_allclose(np.sqrt(fit.variances[:, 0]), [0.8467, 1.9316, 0.5499], atol=6e-5)
    assert fit.components == ("participant", "site", "residual")


def unbalanced(seed: int = 3, outcomes: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(14), 3)
    x = np.column_stack(
        [np.ones(42), who < 7, np.tile([0, 1, 2], 14) == 2, rng.normal(size=42)]
    ).astype(float)
    y = rng.normal(size=(42, outcomes)) + (rng.normal(size=(14, outcomes)) * 0.8)[who]
    keep = rng.random(42) > 0.25
    return y[keep], x[keep], who[keep]


NAMES = ("intercept", "group", "last", "motion")


class Dense:
    """The model with its covariance matrix written out."""

    def __init__(self, y: np.ndarray, x: np.ndarray, who: np.ndarray) -> None:
        self.y, self.x = y, x
        self.parts = [(who[:, None] == who[None]).astype(float), np.eye(len(y))]

    def inverse(self, variances: np.ndarray) -> np.ndarray:
        return np.linalg.inv(sum(v * part for v, part in zip(variances, self.parts, strict=True)))

    def height(self, variances: np.ndarray) -> float:
        """Minus the restricted log likelihood, without its constant."""
        inverse = self.inverse(variances)
        information = self.x.T @ inverse @ self.x
        left = self.y - self.x @ np.linalg.solve(information, self.x.T @ inverse @ self.y)
        logs = np.linalg.slogdet(information)[1] - np.linalg.slogdet(inverse)[1]
        return 0.5 * (left @ inverse @ left + logs)

    def covariance(self, variances: np.ndarray) -> np.ndarray:
        return np.linalg.inv(self.x.T @ self.inverse(variances) @ self.x)

    def profile(self, ratio: float) -> tuple[float, np.ndarray]:
        """The same at the best residual variance for a ratio, with the variances."""
        inverse = self.inverse(np.array([ratio, 1.0]))
        beta = np.linalg.solve(self.x.T @ inverse @ self.x, self.x.T @ inverse @ self.y)
        left = self.y - self.x @ beta
        residual = left @ inverse @ left / (len(self.y) - self.x.shape[1])
        variances = residual * np.array([ratio, 1.0])
        return self.height(variances), variances


@pytest.mark.parametrize("negative", [False, True])
def test_the_optimum_is_that_of_dense_matrices(negative: bool) -> None:
    y, x, who = unbalanced()
    fit = mixed_model(y, x, who, names=NAMES, negative_variance=negative)
    for j in range(y.shape[1]):
        dense = Dense(y[:, j], x, who)
        low = -0.333 if negative else 0.0
        best = minimize_scalar(
            lambda ratio, d=dense: d.profile(ratio)[0], bounds=(low, 30), method="bounded",
            options={"xatol": 1e-11},
        ).x  # fmt: skip
        variances = dense.profile(best)[1]
        if not negative and dense.profile(0.0)[0] <= dense.profile(best)[0]:
            variances = dense.profile(0.0)[1]
        errors = np.sqrt(np.diag(dense.covariance(variances)))
        inverse = dense.inverse(variances)
        beta = dense.covariance(variances) @ (x.T @ inverse @ y[:, j])
        assert_allclose(fit.variances[:, j], variances, atol=2e-6)
        assert_allclose(fit.t[:, j], beta / errors, atol=1e-5)  # as exact as the search above
        assert fit.boundary[j] == (variances[0] == 0)
    assert fit.boundary.any() != negative


def derivatives(function, at: np.ndarray, step: float = 1e-4) -> tuple[np.ndarray, np.ndarray]:
    steps = step * np.eye(len(at))
    first = np.array([(function(at + h) - function(at - h)) / (2 * step) for h in steps])
    second = np.array(
        [[function(at + a + b) - function(at + a - b) - function(at - a + b) + function(at - a - b)
          for b in steps] for a in steps]
    ) / (4 * step**2)  # fmt: skip
    return first, second


def test_degrees_of_freedom_agree_with_numerical_derivatives() -> None:
    y, x, who = unbalanced()
    fit = mixed_model(y, x, who, names=NAMES)
    several = mixed_model_several(y, x, who, names=NAMES)
    inside = np.flatnonzero(~fit.boundary)
    assert len(inside) > 5
    for j in inside:
        dense = Dense(y[:, j], x, who)
        information = derivatives(dense.height, fit.variances[:, j])[1]
        slope, _ = derivatives(lambda v, d=dense: np.diag(d.covariance(v)), fit.variances[:, j])
        size = np.diag(dense.covariance(fit.variances[:, j]))
        spread = np.einsum("ip,ij,jp->p", slope, np.linalg.inv(information), slope)
        assert_allclose(fit.df[:, j], 2 * size**2 / spread, rtol=2e-5)
    assert_allclose(several.t[:, inside], fit.t[:, inside], atol=1e-4)
    assert_allclose(several.df[:, inside], fit.df[:, inside], rtol=2e-3)


def test_small_sample_errors_agree_with_the_formula_of_kenward_and_roger() -> None:
    y, x, who = unbalanced()
    plain = mixed_model(y, x, who, names=NAMES, negative_variance=True)
    fit = mixed_model(y, x, who, names=NAMES, negative_variance=True, kenward_roger=True)
    for j in range(y.shape[1]):
        dense = Dense(y[:, j], x, who)
        inverse, cov = dense.inverse(plain.variances[:, j]), dense.covariance(plain.variances[:, j])
        project = inverse - inverse @ x @ cov @ x.T @ inverse
        information = [
            [np.trace(project @ a @ project @ b) / 2 for b in dense.parts] for a in dense.parts
        ]
        weight = np.linalg.inv(information)
        first = [-x.T @ inverse @ part @ inverse @ x for part in dense.parts]
        middle = sum(
            weight[a, b]
            * (
                x.T @ inverse @ dense.parts[a] @ inverse @ dense.parts[b] @ inverse @ x
                - first[a] @ cov @ first[b]
            )
            for a in (0, 1)
            for b in (0, 1)
        )
        expected = np.sqrt(np.diag(cov + 2 * cov @ middle @ cov))
        assert_allclose(fit.standard_errors[:, j], expected, rtol=1e-8)
        assert (fit.standard_errors[:, j] > plain.standard_errors[:, j]).all()
        assert_allclose(fit.df[:, j], plain.df[:, j])


def test_estimates_agree_with_statsmodels() -> None:
    from statsmodels.regression.mixed_linear_model import MixedLM

    rng = np.random.default_rng(5)
    who = np.repeat(np.arange(60), 4)
    x = np.column_stack([np.ones(240), who < 30, np.tile([0, 0, 1, 1], 60), rng.normal(size=240)])
    y = rng.normal(size=(240, 4)) + rng.normal(size=(60, 4))[who]
    keep = rng.random(240) > 0.15
    fit = mixed_model(y[keep], x[keep], who[keep], names=NAMES)
    for j in range(4):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = MixedLM(y[keep, j], x[keep], groups=who[keep]).fit(reml=True)
        # Its search stops short of the optimum, and its standard errors come from the information
        # of coefficients and variances together; dense matrices above judge more closely.
        assert_allclose(fit.coefficients[:, j], theirs.fe_params, atol=1e-4)
        assert_allclose(fit.variances[:, j], [theirs.cov_re[0, 0], theirs.scale], rtol=2e-3)
        assert_allclose(fit.t[:, j], theirs.fe_params / theirs.bse_fe, rtol=1e-2)
