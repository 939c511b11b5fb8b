//! Text tables, with columns as wide as their longest cell.

use std::fmt;

use super::visible::visible;

pub(super) struct Table(Vec<Vec<String>>);

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self(vec![head.iter().map(ToString::to_string).collect()])
    }

    /// Adds a row. A cell may be any text of a client: hidden characters are escaped.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells.into_iter().map(|cell| visible(&cell)).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.0.first().map_or(0, Vec::len);
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        for (number, row) in self.0.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            let padded = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            write!(f, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_cells_and_hidden_characters_are_escaped() {
        let mut table = Table::new(&["A", "LONG HEAD"]);
        table.row(vec!["wide cell".into(), "b\u{1b}[2J".into()]);
        table.row(vec!["\u{202e}".into(), "b\nc".into()]);
        let shown = "A          LONG HEAD\nwide cell  b\\u{1b}[2J\n\\u{202e}   b\\u{a}c";
        assert_eq!(table.to_string(), shown);
    }
}
