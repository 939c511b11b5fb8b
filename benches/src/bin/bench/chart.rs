//! The charts: how long a user waits, each panel on a logarithmic scale. One has every bar, the other four of them, for README.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::numbers::short;
use crate::report::Bar;

const WIDTH: u32 = 860;
const LINE: i32 = 22;
const HEAD: i32 = 34;
const LEFT: i32 = 300;
const RIGHT: i32 = 780;
const PANELS: [(&str, &str); 3] = [
    ("read", "A read of 200 bytes"),
    ("write", "A write of 200 bytes"),
    ("start", "From spawn to the first answer"),
];
const OURS: RGBColor = RGBColor(0, 110, 180);
const OTHERS: RGBColor = RGBColor(150, 150, 150);
const INK: RGBColor = RGBColor(60, 60, 60);

/// The bars of the short chart, which are in the panel `read`, and what a visitor of README calls them.
const SHORT: [(&str, &str); 4] = [
    ("plugin-vault", "plugin-vault, while an editor runs"),
    ("OS keyring, long-lived client", "the system's keyring"),
    ("plugin-vault, run for each call", "plugin-vault, from a shell"),
    ("`pass`", "pass, from a shell"),
];

/// Writes the short chart as SVG, if all of its bars were measured.
pub(crate) fn write_short(path: &Path, bars: &[Bar]) -> Result<(), Box<dyn Error>> {
    let named = SHORT.iter().filter_map(|(name, called)| {
        let bar = bars.iter().find(|bar| bar.panel == "read" && bar.name == *name)?;
        Some(Bar { panel: bar.panel, name: called, micros: bar.micros })
    });
    let named: Vec<_> = named.collect();
    if named.len() < SHORT.len() {
        return Ok(());
    }
    let panels = [("Reading a secret of 200 bytes", named.iter().collect())];
    draw(path, &panels, "Median, logarithmic scale. Measured by benches/run")
}

/// Writes the chart of all bars as SVG.
pub(crate) fn write(path: &Path, bars: &[Bar]) -> Result<(), Box<dyn Error>> {
    let panels: Vec<(&str, Vec<&Bar>)> = PANELS
        .iter()
        .map(|(panel, title)| {
            let mut bars: Vec<_> = bars.iter().filter(|bar| bar.panel == *panel).collect();
            bars.sort_by(|one, other| one.micros.total_cmp(&other.micros));
            (*title, bars)
        })
        .filter(|(_, bars)| !bars.is_empty())
        .collect();
    draw(path, &panels, "Median, logarithmic scale. What is compared, and how: benches/results.md")
}

fn draw(path: &Path, panels: &[(&str, Vec<&Bar>)], note: &str) -> Result<(), Box<dyn Error>> {
    let height: i32 =
        panels.iter().map(|(_, bars)| HEAD + LINE * i32::try_from(bars.len()).unwrap_or(0)).sum();
    let area = SVGBackend::new(path, (WIDTH, u32::try_from(height + 40)?)).into_drawing_area();
    area.fill(&WHITE)?;
    let text = |size: i32, color: &RGBColor, side: HPos| {
        ("sans-serif", size).into_font().color(color).pos(Pos::new(side, VPos::Center))
    };
    let longest = panels.iter().flat_map(|(_, bars)| bars).map(|bar| bar.micros).fold(1.0, f64::max);
    let mut y = 10;
    for (title, bars) in panels {
        area.draw(&Text::new((*title).to_owned(), (LEFT, y + HEAD / 2), text(16, &INK, HPos::Left)))?;
        y += HEAD;
        for bar in bars {
            let color = if bar.name.starts_with("plugin-vault") { OURS } else { OTHERS };
            let length = f64::from(RIGHT - LEFT) * bar.micros.max(1.0).ln() / longest.ln();
            let (middle, end) = (y + LINE / 2, LEFT + length.round() as i32);
            area.draw(&Text::new(
                bar.name.replace('`', ""),
                (LEFT - 8, middle),
                text(13, &INK, HPos::Right),
            ))?;
            area.draw(&Rectangle::new([(LEFT, y + 3), (end, y + LINE - 3)], color.filled()))?;
            area.draw(&Text::new(time(bar.micros), (end + 6, middle), text(12, &INK, HPos::Left)))?;
            y += LINE;
        }
    }
    area.draw(&Text::new(note.to_owned(), (LEFT, y + 14), text(11, &INK, HPos::Left)))?;
    Ok(area.present()?)
}

fn time(micros: f64) -> String {
    if micros < 1000.0 { format!("{} µs", short(micros)) } else { format!("{} ms", short(micros / 1000.0)) }
}
