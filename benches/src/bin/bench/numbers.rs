//! Medians and their spread: every figure is the median of rounds, with the least and the greatest of them.

use std::time::Duration;

/// One figure for each round.
#[derive(Clone, Default)]
pub(crate) struct Rounds(pub(crate) Vec<f64>);

/// A median, with the least and the greatest of the rounds.
#[derive(Clone, Copy)]
pub(crate) struct Figure {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) greatest: f64,
}

impl Rounds {
    pub(crate) fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub(crate) fn figure(&self) -> Figure {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |part| sorted.get((sorted.len().saturating_sub(1)) / part).copied().unwrap_or(f64::NAN);
        Figure { median: at(2), least: sorted.first().copied().unwrap_or(f64::NAN), greatest: at(1) }
    }

    /// The sum with another, round by round.
    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours + theirs).collect())
    }

    /// The ratio to another, round by round: what disturbs a round disturbs both.
    pub(crate) fn over(&self, other: &Self) -> Figure {
        Self(self.0.iter().zip(&other.0).map(|(ours, theirs)| ours / theirs).collect()).figure()
    }
}

/// The value that `part` of the samples do not exceed, in microseconds.
pub(crate) fn percentile(samples: &mut [Duration], part: f64) -> f64 {
    samples.sort_unstable();
    let at = ((samples.len() - 1) as f64 * part).round() as usize;
    samples[at].as_secs_f64() * 1e6
}

/// A number with three significant digits.
pub(crate) fn short(number: f64) -> String {
    match number.abs() {
        n if n.is_nan() => "–".to_owned(),
        n if n >= 999.5 => {
            let whole = format!("{number:.0}");
            let (mut out, digits) = (String::new(), whole.len());
            for (at, digit) in whole.chars().enumerate() {
                if at > 0 && (digits - at).is_multiple_of(3) {
                    out.push(',');
                }
                out.push(digit);
            }
            out
        }
        n if n >= 99.5 => format!("{number:.0}"),
        n if n >= 9.95 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

impl Figure {
    /// `median (least to greatest)`.
    pub(crate) fn with_spread(self) -> String {
        format!("{} ({} to {})", short(self.median), short(self.least), short(self.greatest))
    }
}
