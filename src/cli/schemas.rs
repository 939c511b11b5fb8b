//! The schemas of what subcommands print with `--json`, made from the types that they print. Compiled only where the
//! files below `schema/cli/` are made or checked.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

use super::backup::VerifyReport;
use super::check::CheckReport;
use super::doctor::DoctorReport;
use super::quarantine::{PurgeReport, QuarantineEntry};
use super::remote::{
    ApproveReport, JoinReport, KeepReport, LeaveReport, MachineEntry, PushReport, RemoteStatusReport,
};
use super::status::StatusReport;

/// Every schema, by the words of its subcommand.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("status", schema::<StatusReport>()),
        ("doctor", schema::<DoctorReport>()),
        ("check", schema::<CheckReport>()),
        ("quarantine-list", schema::<Vec<QuarantineEntry>>()),
        ("quarantine-purge", schema::<PurgeReport>()),
        ("backup-verify", schema::<VerifyReport>()),
        ("remote-push", schema::<PushReport>()),
        ("remote-join", schema::<JoinReport>()),
        ("remote-approve", schema::<ApproveReport>()),
        ("remote-machines", schema::<Vec<MachineEntry>>()),
        ("remote-remove", schema::<MachineEntry>()),
        ("remote-status", schema::<RemoteStatusReport>()),
        ("remote-leave", schema::<LeaveReport>()),
        ("remote-keep", schema::<KeepReport>()),
    ]
}

/// Closed: a member without documentation must not be printed.
fn schema<T: JsonSchema>() -> Schema {
    let settings = SchemaSettings::draft07().for_serialize();
    settings.into_generator().into_root_schema_for::<T>()
}
