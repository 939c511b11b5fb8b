//! Tables for people: columns as wide as what stands in them.

use std::fmt;

pub(super) struct Table(Vec<Vec<String>>);

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self(vec![head.iter().map(ToString::to_string).collect()])
    }

    /// What stands in a cell may be anybody's text: nothing in it may move the cursor.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        let visible = |cell: String| cell.replace(char::is_control, "\u{fffd}");
        self.0.push(cells.into_iter().map(visible).collect());
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
    fn columns_are_as_wide_as_what_stands_in_them() {
        let mut table = Table::new(&["A", "LONG HEAD"]);
        table.row(vec!["wide cell".into(), "b\u{1b}[2J".into()]);
        assert_eq!(table.to_string(), "A          LONG HEAD\nwide cell  b\u{fffd}[2J");
    }
}
