//! A point in time as the protocol writes it: RFC 3339 in UTC, to the millisecond.
//!
//! Writing a timestamp must never fail, so every time is limited to the years 1970 to 9999. Pure functions, except for
//! [`Timestamp::now`], which reads the wall clock.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::faults;

/// Milliseconds since the beginning of 1970 in UTC, up to the end of the year 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last millisecond of the year 9999.
    pub const LAST: Self = Self(253_402_300_799_999);

    /// The wall clock's time.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Self::from_millis(millis.saturating_add_signed(faults::clock_offset()))
    }

    /// Parses an RFC 3339 text with any offset, and cuts its fraction to milliseconds. A time that an offset moves past
    /// 9999 becomes the last one; a leap second becomes the end of the second before it. A time before 1970 is refused:
    /// programs write one (`0001-01-01T00:00:00Z`, `1601-…`) if no time was set.
    pub fn parse(text: &str) -> Option<Self> {
        // The standard lets applications choose this separator. The parser takes any character; this function takes
        // those in common use.
        if !matches!(text.as_bytes().get(10)?, b'T' | b't' | b' ') {
            return None;
        }
        let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let millis = time.unix_timestamp_nanos().div_euclid(1_000_000);
        Some(Self::from_millis(u64::try_from(millis).ok()?))
    }

    /// The time `millis` milliseconds after the beginning of 1970, or [`Timestamp::LAST`] if that is earlier.
    pub fn from_millis(millis: u64) -> Self {
        Self(millis).min(Self::LAST)
    }

    /// Milliseconds since the beginning of 1970.
    pub fn millis(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every value of this type is in the range of both conversions.
        let seconds = i64::try_from(self.0 / 1_000).map_err(|_| fmt::Error)?;
        let time = OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| fmt::Error)?;
        let (year, month, day) = time.to_calendar_date();
        let (hour, minute, second) = time.to_hms();
        let month = u8::from(month);
        let millis = self.0 % 1_000;
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_is_read_in_many_forms_and_written_in_one() {
        #[track_caller]
        fn check(input: &str, expected: &str) {
            assert_eq!(Timestamp::parse(input).map(|time| time.to_string()).as_deref(), Some(expected));
        }
        check("2026-11-22T10:00:00.000Z", "2026-11-22T10:00:00.000Z");
        check("2026-11-22T10:00:00Z", "2026-11-22T10:00:00.000Z");
        check("2026-11-22T12:30:00.5+02:30", "2026-11-22T10:00:00.500Z");
        check("2026-11-21T23:00:00-11:00", "2026-11-22T10:00:00.000Z");
        check("2026-11-22T10:00:00-00:00", "2026-11-22T10:00:00.000Z");
        check("2026-11-22t10:00:00z", "2026-11-22T10:00:00.000Z");
        check("2026-11-22 10:00:00Z", "2026-11-22T10:00:00.000Z");
        check("2026-11-22T10:00:00.1239Z", "2026-11-22T10:00:00.123Z");
        check("2026-11-22T10:00:00.999999999999999999999999Z", "2026-11-22T10:00:00.999Z");
        check("2028-02-29T00:00:00Z", "2028-02-29T00:00:00.000Z");
        // A leap second, and the same moment with another offset.
        check("2016-12-31T23:59:60Z", "2016-12-31T23:59:59.999Z");
        check("2017-01-01T00:59:60.5+01:00", "2016-12-31T23:59:59.999Z");
        // The first and the last time that can be written.
        check("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z");
        check("1970-01-01T01:00:00+01:00", "1970-01-01T00:00:00.000Z");
        check("1969-12-31T23:00:00-01:00", "1970-01-01T00:00:00.000Z");
        check("9999-12-31T23:59:59.9999Z", "9999-12-31T23:59:59.999Z");
        check("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_text_that_is_not_a_time_is_refused() {
        #[track_caller]
        fn check(input: &str) {
            assert_eq!(Timestamp::parse(input), None, "{input:?}");
        }
        check("");
        check("2026-11-22");
        check("2026-11-22T10:00:00");
        check("2026-11-22T10:00Z");
        check("2026-11-22T10:00:00.Z");
        check("2026-11-22T10:00:00,5Z");
        check("2026-11-22T10:00:00+0200");
        check("2026-11-22T10:00:00+02");
        check("2026-11-22T10:00:00+24:00");
        check("2026-11-22x10:00:00Z");
        check("2026-11-22510:00:00Z");
        check("2026-11-22T24:00:00Z");
        check("2026-11-22T10:60:00Z");
        check("2026-11-22T10:00:60Z");
        check("2026-13-01T00:00:00Z");
        check("2026-02-29T00:00:00Z");
        check("2026-11-22T10:00:00Z ");
        check(" 2026-11-22T10:00:00Z");
        check("26-11-22T10:00:00Z");
        check("10000-01-01T00:00:00Z");
        check("-001-01-01T00:00:00Z");
        check("1795341600000");
        check("2026-11-22\u{e9}10:00:00Z");
    }

    #[test]
    fn a_time_before_1970_is_refused() {
        for input in [
            "1969-12-31T23:59:59.999Z",
            "1969-12-31T23:59:59.9999999Z",
            "1970-01-01T00:59:59.999+01:00",
            "1969-12-31T22:59:59-01:00",
            "1969-12-31T23:59:59-00:00",
            "1900-01-01T00:00:00Z",
            "1601-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "0001-01-01T00:00:00+14:00",
            "0000-01-01T00:00:00Z",
            "0000-01-01T00:00:00+23:59",
            "0000-01-01T00:00:00-23:59",
        ] {
            assert_eq!(Timestamp::parse(input), None, "{input}");
        }
    }

    #[test]
    fn any_number_of_milliseconds_can_be_written() {
        #[track_caller]
        fn check(millis: u64, expected: &str) {
            assert_eq!(Timestamp::from_millis(millis).to_string(), expected);
        }
        check(0, "1970-01-01T00:00:00.000Z");
        check(1, "1970-01-01T00:00:00.001Z");
        check(1_795_341_600_000, "2026-11-22T10:00:00.000Z");
        check(Timestamp::LAST.millis(), "9999-12-31T23:59:59.999Z");
        check(u64::MAX, "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn the_wall_clock_is_after_the_day_of_this_test() {
        assert!(Timestamp::now() > Timestamp::from_millis(1_767_225_600_000));
    }

    proptest! {
        #[test]
        fn what_was_written_reads_back_the_same(millis in 0..=Timestamp::LAST.millis()) {
            let time = Timestamp::from_millis(millis);
            prop_assert_eq!(time.millis(), millis);
            prop_assert_eq!(Timestamp::parse(&time.to_string()), Some(time));
        }

        #[test]
        fn the_text_sorts_as_the_time(a in 0..=Timestamp::LAST.millis(), b in 0..=Timestamp::LAST.millis()) {
            let (a, b) = (Timestamp::from_millis(a), Timestamp::from_millis(b));
            prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
        }

        #[test]
        fn no_text_makes_it_panic(text in "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt .é][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?[Zz+-]?.{0,6}") {
            if let Some(time) = Timestamp::parse(&text) {
                prop_assert!(time <= Timestamp::LAST);
            }
        }
    }
}
