//! What became of a damaged copy, and whether that may be.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;

use plugin_vault::store::for_tests::check;
use serde_json::Value;

use crate::harm::Harm;
use crate::store::{Made, Outcome, Place};

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
    /// Unsound copies that nothing could replace.
    beyond_repair: u64,
    /// Unsound copies that were repaired, and nothing is said to be lost.
    repaired_whole: u64,
    /// Records of repaired copies that are as they were.
    repaired_records: u64,
    lost_records: u64,
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
            counts.beyond_repair += more.beyond_repair;
            counts.repaired_whole += more.repaired_whole;
            counts.repaired_records += more.repaired_records;
            counts.lost_records += more.lost_records;
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
            write!(form, "{older_records} older (in {older_copies} sound copies)")?;
            let Counts { beyond_repair, repaired_whole, repaired_records, lost_records, .. } = counts;
            let repaired = unsound - beyond_repair;
            write!(form, "; {repaired} repaired, {repaired_whole} of them without loss, ")?;
            writeln!(
                form,
                "{repaired_records} records as they were, {lost_records} lost, {beyond_repair} beyond repair"
            )?;
        }
        writeln!(form, "{} signals, {} faults", self.signals, self.faults.len())
    }
}

pub(crate) fn judge(report: &mut Report, made: &Made, place: &Place, harm: Harm, damaged: &[u8], copy: u64) {
    let with_backup = copy / Harm::ALL.len() as u64 % 2 == 1;
    place.put(damaged, made, with_backup);
    let verdict = check(&File::open(place.data_file()).unwrap(), made.page_size, None);
    let counts = report.kinds.entry(harm).or_default();
    counts.copies += 1;
    let mut fault = |what: String| report.faults.push(format!("copy {copy}, {harm:?}: {what}; {verdict:?}"));
    let outcome = place.ask(made.last.len());
    if let Some(signal) = outcome.signal {
        report.signals += 1;
        return fault(format!("signal {signal}"));
    }
    if outcome.answers.len() < made.last.len() {
        return fault(format!("{} answers", outcome.answers.len()));
    }
    if let Ok(checked) = verdict {
        let noticed = checked.damaged_rows > 0;
        counts.with_damaged_rows += u64::from(noticed);
        judge_sound(counts, made, harm, &outcome.answers, noticed, &mut fault);
    } else {
        counts.unsound += 1;
        judge_repaired(counts, made, harm, &outcome, with_backup, &mut fault);
    }
}

/// What a record answers with, and whether it is what lies in it.
fn is(answer: &Value, stored: Option<&Value>) -> bool {
    match stored {
        Some(stored) => answer["result"].get("data") == Some(stored),
        None => answer.get("result") == Some(&Value::Null),
    }
}

fn judge_sound(
    counts: &mut Counts,
    made: &Made,
    harm: Harm,
    answers: &[Value],
    noticed: bool,
    fault: &mut dyn FnMut(String),
) {
    let mut older = 0;
    for (record, answer) in answers.iter().enumerate() {
        if is(answer, made.last[record].as_ref()) {
            continue;
        }
        if answer["error"]["code"] == 4002 {
            counts.refused_records += 1;
        } else if harm == Harm::OlderPage && is(answer, made.before[record].as_ref()) {
            older += 1;
        } else if is(answer, None) && noticed {
            counts.noticed_absent += 1;
        } else {
            fault(format!("record {record} is {}", if is(answer, None) { "gone" } else { "wrong" }));
        }
    }
    counts.older_records += older;
    counts.older_copies += u64::from(older > 0);
}

fn judge_repaired(
    counts: &mut Counts,
    made: &Made,
    harm: Harm,
    outcome: &Outcome,
    with_backup: bool,
    fault: &mut dyn FnMut(String),
) {
    if outcome.answers[0]["error"]["code"] == 4003 {
        counts.beyond_repair += 1;
        if with_backup {
            fault("there was a backup, and it was not used".to_owned());
        }
        return;
    }
    let repaired = &outcome.status["repaired"];
    let restored = repaired["restoredFrom"].is_string();
    if !repaired["at"].is_string() || !repaired["quarantine"].is_string() || (restored && !with_backup) {
        return fault(format!("the status says {repaired}"));
    }
    let whole = repaired["lost"] == 0;
    counts.repaired_whole += u64::from(whole);
    for (record, answer) in outcome.answers.iter().enumerate() {
        let was = |stored: &Value| is(answer, Some(stored));
        // A page that the disk never wrote is one that no check can tell from the right one.
        let untold = harm == Harm::OlderPage;
        if is(answer, made.last[record].as_ref()) {
            counts.repaired_records += 1;
        } else if answer["error"]["code"] == 4002 {
            counts.refused_records += 1;
        } else if whole && !untold {
            fault(format!("record {record} is not as it was, and nothing is said to be lost"));
        } else if is(answer, None) {
            counts.lost_records += 1;
            if restored && made.before[record].is_some() && !untold {
                fault(format!("record {record} is gone, and the backup has it"));
            }
        } else if made.ever[record].iter().any(was) {
            counts.older_records += 1;
            if answer["result"]["restored"] != true && !untold {
                fault(format!("record {record} is an older one, and does not say so"));
            }
        } else {
            fault(format!("record {record} is wrong"));
        }
    }
}
