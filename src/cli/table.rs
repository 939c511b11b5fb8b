//! Text tables. A column is as wide as its widest cell, and a column without a filled cell is left out. At a terminal
//! the widest columns are cut until a row fits on a line.

use std::fmt;

use unicode_width::UnicodeWidthStr as _;

use crate::process::terminal_columns;

use super::visible::visible;

/// Between two columns.
const GAP: usize = 2;
/// No column is cut to less than this.
const NARROWEST: usize = 8;

pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(head: &[&str]) -> Self {
        Self { head: head.iter().map(ToString::to_string).collect(), rows: Vec::new() }
    }

    /// Adds a row. A cell may be any text of a client: hidden characters are escaped.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells.into_iter().map(|cell| visible(&cell)).collect());
    }

    /// The table, with no row wider than `most` columns if its columns can be cut so far.
    fn within(&self, most: Option<usize>) -> String {
        let is_filled = |column: &usize| self.rows.iter().any(|row| !row[*column].is_empty());
        let is_shown = |column: &usize| self.rows.is_empty() || is_filled(column);
        let shown: Vec<_> = (0..self.head.len()).filter(is_shown).collect();
        let all = || std::iter::once(&self.head).chain(&self.rows);
        let width = |column: &usize| all().map(|row| row[*column].width()).max().unwrap_or(0);
        let mut widths: Vec<_> = shown.iter().map(width).collect();
        while let Some(most) = most
            && widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1) > most
            && let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > NARROWEST)
        {
            *widest -= 1;
        }
        let line = |row: &Vec<String>| {
            let cells = shown.iter().zip(&widths).map(|(column, width)| padded(&row[*column], *width));
            cells.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned()
        };
        all().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A cell of exactly this width. A cell that is too wide is cut, and ends with `…`.
fn padded(cell: &str, width: usize) -> String {
    let mut cell = cell.to_owned();
    if cell.width() > width {
        while cell.width() >= width && cell.pop().is_some() {}
        cell.push('…');
    }
    let missing = width.saturating_sub(cell.width());
    cell + &" ".repeat(missing)
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.within(terminal_columns()))
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
        assert_eq!(table.within(None), shown);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        let mut table = Table::new(&["NAME", "B"]);
        table.row(vec!["鍵鍵".into(), "x".into()]);
        table.row(vec!["cle\u{301}".into(), "y".into()]);
        assert_eq!(table.within(None), "NAME  B\n鍵鍵  x\ncle\u{301}   y");
    }

    #[test]
    fn a_column_without_a_filled_cell_is_left_out() {
        let mut table = Table::new(&["A", "EMPTY", "B"]);
        assert_eq!(table.within(None), "A  EMPTY  B");
        table.row(vec!["1".into(), String::new(), "2".into()]);
        assert_eq!(table.within(None), "A  B\n1  2");
    }

    #[test]
    fn the_widest_columns_are_cut_until_the_table_fits() {
        let mut table = Table::new(&["A", "B"]);
        table.row(vec!["short".into(), "a very long cell 鍵鍵鍵".into()]);
        let shown = table.within(Some(20));
        assert!(shown.lines().all(|line| line.width() <= 20), "{shown}");
        assert_eq!(shown.lines().last().unwrap(), "short  a very long …");
        assert!(table.within(Some(3)).ends_with("a very …"));
    }
}
