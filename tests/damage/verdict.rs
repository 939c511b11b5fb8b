//! What became of a damaged copy, and whether that may be.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;

use plugin_vault::store;
use serde_json::Value;

use crate::harm::Harm;
use crate::store::{Made, Place};

/// What was counted of one kind of damage.
#[derive(Default)]
struct Counts {
    copies: u64,
    unsound: u64,
    with_damaged_rows: u64,
    refused_records: u64,
    /// Records that are as they were before, where a whole older page lies: the one thing that no check sees.
    older_records: u64,
    older_copies: u64,
    noticed_absent: u64,
}

#[derive(Default)]
pub(crate) struct Report {
    kinds: BTreeMap<Harm, Counts>,
    pub(crate) signals: u64,
    /// What may not be, in words.
    pub(crate) faults: Vec<String>,
}

impl Report {
    pub(crate) fn unsound(&self) -> u64 {
        self.kinds.values().map(|counts| counts.unsound).sum()
    }

    pub(crate) fn sound(&self) -> u64 {
        self.kinds.values().map(|counts| counts.copies - counts.unsound).sum()
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (harm, more) in other.kinds {
            let counts = self.kinds.entry(harm).or_default();
            counts.copies += more.copies;
            counts.unsound += more.unsound;
            counts.with_damaged_rows += more.with_damaged_rows;
            counts.refused_records += more.refused_records;
            counts.older_records += more.older_records;
            counts.older_copies += more.older_copies;
            counts.noticed_absent += more.noticed_absent;
        }
        self.signals += other.signals;
        self.faults.extend(other.faults);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, form: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (harm, counts) in &self.kinds {
            let Counts { copies, unsound, with_damaged_rows, .. } = counts;
            let kind = format!("{harm:?}");
            write!(
                form,
                "{kind:<13} {copies} copies, {unsound} unsound, {with_damaged_rows} with damaged rows"
            )?;
            let Counts { refused_records, noticed_absent, older_copies, older_records, .. } = counts;
            write!(form, "; records: {refused_records} refused, {noticed_absent} absent with notice, ")?;
            writeln!(form, "{older_records} older (in {older_copies} copies)")?;
        }
        writeln!(form, "{} signals, {} faults", self.signals, self.faults.len())
    }
}

pub(crate) fn judge(report: &mut Report, made: &Made, place: &Place, harm: Harm, damaged: &[u8], copy: u64) {
    place.put(damaged);
    let verdict = store::check(&File::open(place.data_file()).unwrap(), made.page_size, None);
    let counts = report.kinds.entry(harm).or_default();
    counts.copies += 1;
    let mut fault = |what: String| report.faults.push(format!("copy {copy}, {harm:?}: {what}; {verdict:?}"));
    let Ok(checked) = verdict else {
        counts.unsound += 1;
        let outcome = place.ask(1);
        if let Some(signal) = outcome.signal {
            report.signals += 1;
            fault(format!("signal {signal}"));
        } else if outcome.answers.first().is_none_or(|answer| answer["error"]["code"] != 4003) {
            fault("it was not told that the store is damaged".to_owned());
        }
        return;
    };
    let noticed = checked.damaged_rows > 0;
    counts.with_damaged_rows += u64::from(noticed);
    let outcome = place.ask(made.last.len());
    if let Some(signal) = outcome.signal {
        report.signals += 1;
        return fault(format!("signal {signal}"));
    }
    if outcome.answers.len() < made.last.len() {
        return fault(format!("{} answers", outcome.answers.len()));
    }
    let mut older = 0;
    for (record, answer) in outcome.answers.iter().enumerate() {
        let is =
            |stored: &Option<Value>| answer.get("result") == Some(stored.as_ref().unwrap_or(&Value::Null));
        if is(&made.last[record]) {
            continue;
        }
        if answer["error"]["code"] == 4002 {
            counts.refused_records += 1;
        } else if harm == Harm::OlderPage && is(&made.before[record]) {
            older += 1;
        } else if answer["result"].is_null() && noticed {
            counts.noticed_absent += 1;
        } else {
            fault(format!(
                "record {record} is {}",
                if answer["result"].is_null() { "gone" } else { "wrong" }
            ));
        }
    }
    counts.older_records += older;
    counts.older_copies += u64::from(older > 0);
}
