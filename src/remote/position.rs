//! Where a replica stands in the log, and which of its rows are shared.

use crate::rows::{Table, meta};
use crate::store::Row;

use super::log::{Head, PlacedRow, Position, WriteId};

/// The number of the log's table of slots. A replica keeps slots as files, which it can overwrite.
pub(super) const SLOTS: u8 = 7;

/// Where a replica stands, compared with the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The replica is at the head.
    AtHead,
    /// The server has more commits, and knows the one that the replica is at.
    Behind,
    /// The server has more commits, and no longer knows the one that the replica is at.
    FarBehind,
    /// The replica has commits that the server does not have.
    Ahead,
}

impl Position {
    /// How the replica at this position compares with `head`, which was asked for about this position's turn.
    pub fn standing(&self, head: &Head) -> Standing {
        let is_same = |id: &WriteId| *id == self.write_id;
        match self.turn {
            turn if turn == head.position.turn && is_same(&head.position.write_id) => Standing::AtHead,
            turn if turn >= head.position.turn => Standing::Ahead,
            0 => Standing::FarBehind,
            _ => match &head.then {
                Some(then) if is_same(then) => Standing::Behind,
                Some(_) => Standing::Ahead,
                None => Standing::FarBehind,
            },
        }
    }

    /// The position in a row of the replica.
    pub(super) fn decode(row: &[u8]) -> Option<Self> {
        let (turn, write_id) = row.split_first_chunk()?;
        Some(Self { turn: u64::from_be_bytes(*turn), write_id: write_id.try_into().ok()? })
    }

    /// The row in which the replica keeps it.
    pub fn row(&self) -> Row {
        let value = [self.turn.to_be_bytes().as_slice(), &self.write_id].concat();
        Row { table: Table::Meta, key: meta::REMOTE.to_vec(), value: Some(value) }
    }
}

/// Whether a row is the same on every machine. The other rows are about one machine's copy.
pub(super) fn is_shared(table: Table, key: &[u8]) -> bool {
    let own = [
        meta::REVISION,
        meta::STORE_ID,
        meta::FORGOTTEN,
        meta::RESTORED,
        meta::REPAIRED,
        meta::REMOTE,
        meta::MACHINE,
    ];
    table != Table::Meta || !(own.contains(&key) || key.starts_with(meta::DESTROY))
}

/// The row of the log for a slot: its content, as [`crate::store::Store::put_slot`] takes it; `None` for a slot that is
/// destroyed.
pub fn slot_row(slot: &crate::rows::Id, wrapped: Option<Vec<u8>>) -> PlacedRow {
    PlacedRow { table: SLOTS, key: slot.to_vec(), value: wrapped }
}

/// The rows of a commit that go to the server: each once, with its last value.
pub fn shared_rows(rows: &[Row]) -> Vec<PlacedRow> {
    let mut last = std::collections::BTreeMap::new();
    for row in rows.iter().filter(|row| is_shared(row.table, &row.key)) {
        last.insert((row.table, &row.key), &row.value);
    }
    let placed = |((table, key), value): ((Table, &Vec<u8>), &Option<Vec<u8>>)| PlacedRow {
        table: table as u8,
        key: key.clone(),
        value: value.clone(),
    };
    last.into_iter().map(placed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINE: WriteId = [1; 16];
    const OTHER: WriteId = [2; 16];

    #[track_caller]
    fn check(mine: (u64, WriteId), head: (u64, WriteId), then: Option<WriteId>, expected: Standing) {
        let position = Position { turn: mine.0, write_id: mine.1 };
        let head = Head {
            position: Position { turn: head.0, write_id: head.1 },
            revision: 0,
            forgotten: 0,
            format: 1,
            then,
            clock: 0,
        };
        assert_eq!(position.standing(&head), expected);
        assert_eq!(Position::decode(&position.row().value.unwrap()), Some(position));
    }

    #[test]
    fn a_replica_knows_where_it_stands() {
        check((5, MINE), (5, MINE), Some(MINE), Standing::AtHead);
        check((5, MINE), (7, OTHER), Some(MINE), Standing::Behind);
        check((5, MINE), (700, OTHER), None, Standing::FarBehind);
        check((0, [0; 16]), (0, [0; 16]), None, Standing::AtHead);
        check((0, [0; 16]), (3, OTHER), None, Standing::FarBehind);
    }

    #[test]
    fn a_server_that_went_back_is_noticed_even_where_it_has_gone_on() {
        check((5, MINE), (4, OTHER), None, Standing::Ahead);
        check((5, MINE), (5, OTHER), Some(OTHER), Standing::Ahead);
        check((5, MINE), (9, OTHER), Some(OTHER), Standing::Ahead);
    }

    #[test]
    fn rows_about_one_copy_stay_on_their_machine() {
        let row = |table, key: &[u8], value: u8| Row { table, key: key.to_vec(), value: Some(vec![value]) };
        let destroy = [meta::DESTROY, &[7; 16]].concat();
        let rows = [
            row(Table::Records, b"a", 1),
            row(Table::Meta, meta::KEYS_REVISION, 2),
            row(Table::Meta, meta::REPAIRED, 3),
            row(Table::Meta, &destroy, 4),
            row(Table::Records, b"a", 5),
        ];
        let shared: Vec<_> =
            shared_rows(&rows).into_iter().map(|row| (row.table, row.value.unwrap())).collect();
        assert_eq!(shared, [(Table::Meta as u8, vec![2]), (Table::Records as u8, vec![5])]);
    }
}
