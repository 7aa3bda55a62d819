//! What is unusual in a series, and how it may go on.
//!
//! Series are short and often quiet, so the methods are the simple robust ones that are hard to beat on them (Makridakis et al., *The M4
//! Competition*, 2020): medians instead of means, seasonal naive and simple exponential smoothing. Formulas are those of Hyndman and
//! Athanasopoulos, *Forecasting: Principles and Practice*, 3rd edition.

/// A modified z-score above which a value is unusual (Iglewicz and Hoaglin, 1993).
pub const UNUSUAL: f64 = 3.5;
/// 1 / Φ⁻¹(3/4): what makes a median absolute deviation comparable with a standard deviation.
const MAD_SCALE: f64 = 1.482_602_218_505_602;
/// √(π/2): the same for a mean absolute deviation, which stands in where more than half of the deviations are nothing.
const MEAN_DEVIATION_SCALE: f64 = 1.253_314_137_315_5;
/// Seasons before and after a value that tell what is usual at that place.
const SEASONS_AROUND: usize = 8;
/// Steps of the search for the smoothing parameter.
const ALPHA_STEPS: u32 = 99;
/// Values that are needed for a forecast.
pub const VALUES_MIN: usize = 8;

/// How a series is continued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// As one season before.
    SeasonalNaive,
    /// As the smoothed level.
    ExponentialSmoothing,
}

/// One value of a forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// What is expected.
    pub value: f64,
    /// Where the value lies with the wanted probability, if errors go on as they were.
    pub low: f64,
    /// The other end.
    pub high: f64,
}

/// The median; 0 of nothing.
fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), value| (count + 1.0, sum + value));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// What is usual at each place: the median of the values at the same place of the seasons around it.
pub fn usual(values: &[f64], season: usize) -> Vec<f64> {
    let season = season.max(1);
    let around = |index: usize| {
        let before = (1..=SEASONS_AROUND).filter_map(move |step| index.checked_sub(step * season));
        let after = (1..=SEASONS_AROUND).map(move |step| index + step * season);
        before.chain(after).filter_map(|index| values.get(index).copied())
    };
    values.iter().enumerate().map(|(index, value)| median(&mut around(index).chain([*value]).collect::<Vec<_>>())).collect()
}

/// Robust z-scores: how far each value is from what is usual, in robust standard deviations. Nothing where nothing varies.
pub fn scores(values: &[f64], usual: &[f64]) -> Vec<Option<f64>> {
    let errors: Vec<f64> = values.iter().zip(usual).map(|(value, usual)| value - usual).collect();
    let centre = median(&mut errors.clone());
    let mut deviations: Vec<f64> = errors.iter().map(|error| (error - centre).abs()).collect();
    let scale = match median(&mut deviations) {
        0.0 => MEAN_DEVIATION_SCALE * mean(deviations.iter().copied()),
        mad => MAD_SCALE * mad,
    };
    errors.iter().map(|error| (scale > 0.0).then(|| (error - centre) / scale)).collect()
}

/// The method with the smaller mean absolute error on the last quarter of the series.
pub fn choose(values: &[f64], season: usize) -> Method {
    let kept = values.len() - values.len() / 4;
    let (known, held_back) = values.split_at(kept);
    let error = |method: Method| {
        let expected = forecast(known, season, method, held_back.len(), 0.0);
        mean(held_back.iter().zip(expected).map(|(value, point)| (value - point.value).abs()))
    };
    if error(Method::ExponentialSmoothing) < error(Method::SeasonalNaive) { Method::ExponentialSmoothing } else { Method::SeasonalNaive }
}

/// The next values. `z` is the normal quantile of the wanted probability, 1.96 for 95 %.
pub fn forecast(values: &[f64], season: usize, method: Method, horizon: usize, z: f64) -> Vec<Point> {
    if values.is_empty() {
        return Vec::new();
    }
    match method {
        Method::SeasonalNaive => seasonal_naive(values, season, horizon, z),
        Method::ExponentialSmoothing => smoothing(values, horizon, z),
    }
}

/// Each value is that of one season before (FPP3 §5.2; intervals §5.5).
fn seasonal_naive(values: &[f64], season: usize, horizon: usize, z: f64) -> Vec<Point> {
    let season = season.clamp(1, values.len());
    let differences: Vec<f64> = values.iter().skip(season).zip(values).map(|(later, earlier)| later - earlier).collect();
    let sigma = mean(differences.iter().map(|difference| difference * difference)).sqrt();
    let last = &values[values.len() - season..];
    (0..horizon)
        .map(|step| {
            let value = last[step % season];
            point(value, z * sigma * float(step / season + 1).sqrt())
        })
        .collect()
}

/// The smoothed level goes on (FPP3 §8.1; intervals of ETS(A,N,N), §8.7). The parameter is the one with the smallest squared errors.
fn smoothing(values: &[f64], horizon: usize, z: f64) -> Vec<Point> {
    let fit = |alpha: f64| {
        let mut level = values[0];
        let mut squares = 0.0;
        for value in &values[1..] {
            let error = value - level;
            squares += error * error;
            level += alpha * error;
        }
        (squares, level)
    };
    let alphas = (1..=ALPHA_STEPS).map(|step| f64::from(step) / f64::from(ALPHA_STEPS + 1));
    let (alpha, (squares, level)) =
        alphas.map(|alpha| (alpha, fit(alpha))).min_by(|(_, (a, _)), (_, (b, _))| a.total_cmp(b)).unwrap_or((0.5, (0.0, values[0])));
    let sigma = (squares / float((values.len() - 1).max(1))).sqrt();
    (0..horizon).map(|step| point(level, z * sigma * (1.0 + float(step) * alpha * alpha).sqrt())).collect()
}

fn point(value: f64, margin: f64) -> Point {
    Point { value, low: value - margin, high: value + margin }
}

/// Counts here are those of a series' values, far below 2³².
fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// The quantile of the standard normal distribution behind a central interval of this probability (Acklam's approximation, relative
/// error below 1.2e-9).
pub fn normal_quantile(probability: f64) -> f64 {
    const A: [f64; 6] = [
        -39.696_830_286_653_76,
        220.946_098_424_520_5,
        -275.928_510_446_968_7,
        138.357_751_867_269,
        -30.664_798_066_147_16,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] =
        [-54.476_098_798_224_06, 161.585_836_858_040_9, -155.698_979_859_886_6, 66.801_311_887_719_72, -13.280_681_552_885_72];
    const C: [f64; 6] = [
        -0.007_784_894_002_430_293,
        -0.322_396_458_041_136_5,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [0.007_784_695_709_041_462, 0.322_467_129_070_039_8, 2.445_134_137_142_996, 3.754_408_661_907_416];
    let polynomial = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient);
    let p = f64::midpoint(1.0, probability);
    if p > 0.975_75 {
        let q = (-2.0 * (1.0 - p).ln()).sqrt();
        return -polynomial(&C, q) / (polynomial(&D, q) * q + 1.0);
    }
    let q = p - 0.5;
    let r = q * q;
    polynomial(&A, r) * q / (polynomial(&B, r) * r + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weekly(weeks: usize) -> Vec<f64> {
        let week = [10.0, 12.0, 11.0, 13.0, 14.0, 2.0, 1.0];
        (0..weeks * 7).map(|day| week[day % 7] + if day % 3 == 0 { 0.5 } else { -0.25 }).collect()
    }

    #[test]
    fn a_spike_is_unusual_and_a_quiet_sunday_is_not() {
        let mut values = weekly(8);
        values[24] = 60.0;
        let found: Vec<usize> = scores(&values, &usual(&values, 7))
            .iter()
            .enumerate()
            .filter(|(_, score)| score.is_some_and(|score| score.abs() > UNUSUAL))
            .map(|(day, _)| day)
            .collect();
        assert_eq!(found, [24]);
    }

    #[test]
    fn nothing_is_unusual_where_nothing_varies() {
        let values = vec![5.0; 30];
        assert!(scores(&values, &usual(&values, 7)).iter().all(Option::is_none));
        let mut once = values;
        once[10] = 50.0;
        let scores = scores(&once, &usual(&once, 7));
        assert!(scores[10].unwrap() > UNUSUAL && scores[11].unwrap().abs() < UNUSUAL);
        assert!(super::scores(&[], &[]).is_empty());
    }

    #[test]
    fn a_seasonal_series_goes_on_as_before_and_intervals_widen() {
        let values = weekly(8);
        assert_eq!(choose(&values, 7), Method::SeasonalNaive);
        let next = forecast(&values, 7, Method::SeasonalNaive, 14, 1.96);
        assert_eq!(next.len(), 14);
        for (day, point) in next.iter().enumerate() {
            assert!((point.value - values[values.len() - 7 + day % 7]).abs() < 1e-9);
        }
        let width = |day: usize| next[day].high - next[day].low;
        assert!((width(7) / width(0) - 2_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn a_level_without_a_season_is_smoothed() {
        let noise = |n: u32| f64::from(n.wrapping_mul(2_654_435_761) >> 16) / 65_536.0 - 0.5;
        let values: Vec<f64> = (0..120).map(|n| 100.0 + 10.0 * noise(n)).collect();
        assert_eq!(choose(&values, 7), Method::ExponentialSmoothing);
        let next = forecast(&values, 7, Method::ExponentialSmoothing, 5, 1.96);
        assert!(next.iter().all(|point| (95.0..105.0).contains(&point.value) && point.low < point.value && point.value < point.high));
        assert!(next[4].high - next[4].low >= next[0].high - next[0].low);
        let inside = values.iter().filter(|value| (next[0].low..next[0].high).contains(value)).count();
        assert!((100..=120).contains(&inside), "{inside} of 120 values are within an interval of 95 %");
    }

    #[test]
    fn quantiles_are_those_of_tables() {
        for (probability, expected) in [
            (0.5, 0.674_489_75),
            (0.8, 1.281_551_57),
            (0.9, 1.644_853_63),
            (0.95, 1.959_963_98),
            (0.99, 2.575_829_3),
            (0.999, 3.290_526_73),
        ] {
            assert!((normal_quantile(probability) - expected).abs() < 1e-6, "{probability}: {}", normal_quantile(probability));
        }
    }

    #[test]
    fn short_series_do_no_harm() {
        assert_eq!(forecast(&[], 7, Method::SeasonalNaive, 3, 1.0), []);
        assert_eq!(forecast(&[4.0], 7, Method::SeasonalNaive, 2, 1.0).len(), 2);
        assert!((forecast(&[4.0], 7, Method::ExponentialSmoothing, 2, 1.0)[0].value - 4.0).abs() < f64::EPSILON);
        assert_eq!(usual(&[1.0], 7), [1.0]);
    }
}
