//! The results, as a page for readers.

use std::fmt::Write as _;

/// A part of the page: a title, what was done, a table.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) text: String,
    pub(crate) head: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// A goal, and whether it was met.
pub(crate) struct Goal {
    pub(crate) work: &'static str,
    pub(crate) reach: &'static str,
    pub(crate) measured: String,
    pub(crate) is_met: bool,
}

/// A bar of the chart: how long a user waits, in microseconds.
pub(crate) struct Bar {
    pub(crate) panel: &'static str,
    pub(crate) name: &'static str,
    pub(crate) micros: f64,
}

#[derive(Default)]
pub(crate) struct Report {
    pub(crate) sections: Vec<Section>,
    pub(crate) goals: Vec<Goal>,
    pub(crate) bars: Vec<Bar>,
}

impl Section {
    pub(crate) fn new(title: &'static str, text: impl Into<String>, head: &[&str]) -> Self {
        let head = head.iter().map(ToString::to_string).collect();
        Self { title, text: text.into(), head, rows: Vec::new() }
    }

    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl Report {
    pub(crate) fn goal(&mut self, work: &'static str, reach: &'static str, measured: String, is_met: bool) {
        self.goals.push(Goal { work, reach, measured, is_met });
    }

    pub(crate) fn bar(&mut self, panel: &'static str, name: &'static str, micros: f64) {
        self.bars.push(Bar { panel, name, micros });
    }

    /// The whole page.
    pub(crate) fn page(&self, machine: &str) -> String {
        let mut page = format!(
            "# Results\n\nMade by `benches/run`, which writes this page and [chart.svg](chart.svg).\n{machine}\n\n\
             Every figure is the median of rounds, with the least and the greatest round behind it; in each round all \
             that is compared runs in turn, and ratios are taken within rounds. Times depend on the machine; ratios are \
             what to look at. From inside VS Code, beside the editor's own storage: [vscode.md](vscode.md).\n"
        );
        if !self.goals.is_empty() {
            let rows = self.goals.iter().map(|goal| {
                let met = if goal.is_met { "yes" } else { "**no**" };
                [goal.work, goal.reach, &goal.measured, met].map(ToOwned::to_owned).to_vec()
            });
            page.push_str("\n## What was to be reached\n\n");
            table(&mut page, &["work", "to reach", "measured", "reached"].map(ToOwned::to_owned), rows);
        }
        for section in &self.sections {
            let _ = write!(page, "\n## {}\n\n{}\n\n", section.title, section.text);
            table(&mut page, &section.head, section.rows.iter().cloned());
        }
        page
    }
}

fn table(page: &mut String, head: &[String], rows: impl Iterator<Item = Vec<String>>) {
    let line = |page: &mut String, cells: &[String]| {
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    };
    line(page, head);
    let rule: Vec<_> = (0..head.len()).map(|at| if at == 0 { "---" } else { "---:" }.to_owned()).collect();
    line(page, &rule);
    for row in rows {
        line(page, &row);
    }
}
