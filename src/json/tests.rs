//! Tables of JSON texts and their expected parts.

use proptest::prelude::*;

use super::*;

fn text(text: &str) -> &RawValue {
    parse(text.as_bytes()).expect(text)
}

#[test]
fn only_one_json_text_is_accepted_and_it_is_trimmed() {
    #[track_caller]
    fn check(input: impl AsRef<[u8]>, expected: Option<&str>) {
        assert_eq!(parse(input.as_ref()).map(RawValue::get), expected);
    }
    check("{}", Some("{}"));
    check(" \r\n\t{ \"a\" : 1 } \n", Some("{ \"a\" : 1 }"));
    check("1E400", Some("1E400"));
    check("-1.5e-999999999", Some("-1.5e-999999999"));
    check("123456789012345678901234567890", Some("123456789012345678901234567890"));
    check(r#""\ud800""#, Some(r#""\ud800""#));
    check(r#"{"\udfff":"\uDBFFx"}"#, Some(r#"{"\udfff":"\uDBFFx"}"#));
    check(r#"{"a":1,"a":2}"#, Some(r#"{"a":1,"a":2}"#));
    check("\"\u{7f}\u{2028}\u{feff}\"", Some("\"\u{7f}\u{2028}\u{feff}\""));
    check(r#""\u0000""#, Some(r#""\u0000""#));

    check("", None);
    check(" ", None);
    check("{} {}", None);
    check("{}\0", None);
    check("\0{}", None);
    check("\u{feff}{}", None);
    check("\u{a0}{}", None);
    check("\u{b}{}", None);
    check("\"\n\"", None);
    check("\"\0\"", None);
    check("\"\u{1f}\"", None);
    check(b"\"\xff\"", None);
    check(b"\"\xed\xa0\x80\"", None);
    check(b"\"\xc0\x80\"", None);
    check(r#""\x41""#, None);
    check(r#""\u12g4""#, None);
    check("01", None);
    check("+1", None);
    check("1.", None);
    check(".5", None);
    check("-", None);
    check("NaN", None);
    check("Infinity", None);
    check("nul", None);
    check("[1,]", None);
    check("[,1]", None);
    check(r#"{"a":1,}"#, None);
    check("{a:1}", None);
    check("{1:1}", None);
    check("{'a':1}", None);
    check("[1 2]", None);
    check("[}", None);
    check("{} // said", None);
    check("\"a", None);
}

#[test]
fn nesting_may_be_as_deep_as_the_text_allows() {
    const LEVELS: usize = 100_000;
    let arrays = format!("{}{}", "[".repeat(LEVELS), "]".repeat(LEVELS));
    let inner = elements(text(&arrays)).expect("an array");
    assert_eq!(inner[0].get(), &arrays[1..arrays.len() - 1]);

    let objects = format!("{}0{}", r#"{"a":"#.repeat(LEVELS), "}".repeat(LEVELS));
    let inner = members(text(&objects)).expect("an object");
    assert_eq!(inner[0].value.get(), &objects[5..objects.len() - 1]);

    assert!(parse(&arrays.as_bytes()[..LEVELS]).is_none(), "left open");
}

#[test]
fn the_first_byte_gives_the_kind() {
    #[track_caller]
    fn check(input: &str, expected: Kind) {
        assert_eq!(kind(text(input)), expected);
    }
    check(" {}", Kind::Object);
    check("[{}]", Kind::Array);
    check("\"{\"", Kind::String);
    check("0", Kind::Number);
    check("-1e400", Kind::Number);
    check("true", Kind::Bool);
    check("false", Kind::Bool);
    check("null", Kind::Null);
}

#[test]
fn members_keep_their_order_their_text_and_their_duplicates() {
    #[track_caller]
    fn check(input: &str, expected: Option<&[(&str, &str)]>) {
        let found = members(text(input));
        let found: Option<Vec<_>> = found
            .as_ref()
            .map(|members| members.iter().map(|member| (member.name.get(), member.value.get())).collect());
        assert_eq!(found.as_deref(), expected);
    }
    check("{}", Some(&[]));
    check("{ }", Some(&[]));
    check(r#"{"b":1.0,"a": [ 1 ] }"#, Some(&[(r#""b""#, "1.0"), (r#""a""#, "[ 1 ]")]));
    check(r#"{"a":1,"\u0061" :1E400}"#, Some(&[(r#""a""#, "1"), (r#""\u0061""#, "1E400")]));
    check(r#"{"\ud800":"\udc00"}"#, Some(&[(r#""\ud800""#, r#""\udc00""#)]));
    check(r#"{"":null}"#, Some(&[(r#""""#, "null")]));
    check(r#"{"true":true,"1":1}"#, Some(&[(r#""true""#, "true"), (r#""1""#, "1")]));
    check(r#"{"$serde_json::private::RawValue":1}"#, Some(&[(r#""$serde_json::private::RawValue""#, "1")]));
    check("[]", None);
    check("\"{}\"", None);
    check("null", None);
}

#[test]
fn elements_keep_their_order_and_their_text() {
    #[track_caller]
    fn check(input: &str, expected: Option<&[&str]>) {
        let found: Option<Vec<_>> =
            elements(text(input)).map(|elements| elements.into_iter().map(RawValue::get).collect());
        assert_eq!(found.as_deref(), expected);
    }
    check("[]", Some(&[]));
    check("[ 1.0 , {\"a\" : 2},\"\\ud800\",null ]", Some(&["1.0", "{\"a\" : 2}", "\"\\ud800\"", "null"]));
    check("{}", None);
    check("null", None);
    check("\"[]\"", None);
}

#[test]
fn names_compare_after_unescaping() {
    #[track_caller]
    fn check(name: &str, other: &str, expected: bool) {
        let object = format!("{{{name}:0}}");
        assert_eq!(members(text(&object)).expect("an object")[0].is(other), expected);
    }
    check(r#""context""#, "context", true);
    check(r#""\u0063ontext""#, "context", true);
    check(r#""\u0043ontext""#, "context", false);
    check(r#""Context""#, "context", false);
    check(r#""context ""#, "context", false);
    check(r#""""#, "", true);
    check(r#""\"""#, "\"", true);
    check(r#""a\/b\n""#, "a/b\n", true);
    check(r#""\u0000""#, "\0", true);
    check(r#""\ud83d\udE00""#, "\u{1f600}", true);
    check("\"\u{1f600}\"", "\u{1f600}", true);
    check(r#""\ud800""#, "\u{fffd}", false);
    check(r#""\ud800context""#, "context", false);
    check(r#""\u00e9""#, "e\u{301}", false);
}

#[test]
fn names_with_lone_surrogates_stay_apart() {
    #[track_caller]
    fn check(name: &str, expected: &[u8]) {
        let object = format!("{{{name}:0}}");
        assert_eq!(*members(text(&object)).expect("an object")[0].name_bytes(), *expected);
    }
    check(r#""\ud800""#, b"\xed\xa0\x80");
    check(r#""\uD801a""#, b"\xed\xa0\x81a");
    check(r#""\udc00\ud800""#, b"\xed\xb0\x80\xed\xa0\x80");
    check(r#""\ud800\n""#, b"\xed\xa0\x80\n");
    check(r#""\ud800\ud83d\ude00""#, b"\xed\xa0\x80\xf0\x9f\x98\x80");
    check(r#""\ud83d\ude00""#, b"\xf0\x9f\x98\x80");
}

#[test]
fn the_first_repeated_name_is_found() {
    #[track_caller]
    fn check(input: &str, expected: Option<usize>) {
        assert_eq!(has_duplicates(&members(text(input)).expect("an object")), expected);
    }
    check("{}", None);
    check(r#"{"a":1,"b":1,"A":1}"#, None);
    check(r#"{"a":1,"b":1,"a":1,"b":1}"#, Some(2));
    check(r#"{"a":1,"\u0061":1}"#, Some(1));
    check(r#"{"\ud800":1,"\ud801":1}"#, None);
    check(r#"{"\ud800":1,"\uD800":1}"#, Some(1));
}

#[test]
fn only_strings_are_read_as_strings() {
    #[track_caller]
    fn check(input: &str, expected: Option<&str>) {
        assert_eq!(string(text(input)).as_deref(), expected);
    }
    check(r#""""#, Some(""));
    check(r#""plain""#, Some("plain"));
    check(r#""\u00e9\n\\\"\/""#, Some("\u{e9}\n\\\"/"));
    check(r#""\ud83d\ude00""#, Some("\u{1f600}"));
    check(r#""\u0000""#, Some("\0"));
    check(r#""\ud800""#, None);
    check(r#""\ude00\ud83d""#, None);
    check("1", None);
    check("null", None);
    check(r#"["a"]"#, None);
}

#[test]
fn a_number_without_a_fraction_is_whole_however_it_is_written() {
    #[track_caller]
    fn check(inputs: &[&str], expected: Whole) {
        for input in inputs {
            assert_eq!(whole(text(input)), expected, "{input}");
        }
    }
    check(
        &["0", "-0", "0.0", "-0.0", "0e0", "0E+99999999999999999999", "0.000e-99999999999999999999"],
        Whole::Fits(0),
    );
    check(
        &["5", " 5 ", "5.0", "5e0", "5E+0", "50e-1", "0.5e1", "0.00005e+5", "5.000", "500e-0002"],
        Whole::Fits(5),
    );
    check(&["1000", "1e3", "1.0E3", "0.0100e5"], Whole::Fits(1_000));
    let last = (1 << 53) - 1;
    check(
        &["9007199254740991", "9007199254740991.0", "9.007199254740991e15", "90071992547409910e-1"],
        Whole::Fits(last),
    );
    check(&["9007199254740993", "9007199254740993.0", "9.007199254740993E15"], Whole::Fits(last + 2));
    check(&["18446744073709551615", "1.8446744073709551615e19"], Whole::Fits(u64::MAX));
    check(&["10000000000000000000", "1e19"], Whole::Fits(10_000_000_000_000_000_000));
    check(
        &[
            "18446744073709551616",
            "1e20",
            "1e400",
            "1e99999999999999999999",
            "123456789e30",
            "-1",
            "-1.0",
            "-1e400",
        ],
        Whole::OutOfRange,
    );
    check(&["1.5", "-1.5", "5e-1", "1.00000000000000000000000000001", "1e-99999999999999999999"], Whole::No);
    check(&["\"1\"", "null", "true", "[1]", "{}"], Whole::No);
    let long = format!("1{}e-{}", "0".repeat(100_000), 100_000);
    assert_eq!(whole(text(&long)), Whole::Fits(1));
}

proptest! {
    #[test]
    fn a_whole_number_reads_the_same_with_its_point_moved(number: u64, moved in 0..25_usize, zeros in 0..5_usize) {
        let digits = number.to_string();
        let padded = format!("{}{digits}", "0".repeat((moved + 1).saturating_sub(digits.len())));
        let point = padded.len() - moved;
        let units = padded[..point].trim_start_matches('0');
        let units = if units.is_empty() { "0" } else { units };
        let spelled = format!("{units}.{}{}e{moved}", &padded[point..], "0".repeat(zeros + usize::from(moved == 0)));
        prop_assert_eq!(whole(text(&spelled)), Whole::Fits(number), "{}", spelled);
        prop_assert_eq!(whole(text(&format!("{digits}{}e-{zeros}", "0".repeat(zeros)))), Whole::Fits(number));
    }

    #[test]
    fn any_bytes_are_parsed_as_a_plain_parser_would(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        // This parser accepts everything that a plain parser accepts, and perhaps more.
        if serde_json::from_slice::<serde_json::Value>(&bytes).is_ok() {
            prop_assert!(parse(&bytes).is_some());
        }
    }

    #[test]
    fn any_text_survives_being_a_name_and_a_value(name in any::<String>(), value in any::<String>()) {
        let object = serde_json::json!({ name.as_str(): value.as_str() }).to_string();
        let members = members(text(&object)).expect("an object");
        prop_assert_eq!(members.len(), 1);
        prop_assert!(members[0].is(&name));
        let read = string(members[0].value);
        prop_assert_eq!(read.as_deref(), Some(value.as_str()));
    }

    #[test]
    fn a_walk_finds_the_members_that_the_parser_finds(
        written in prop::collection::vec((0..6_usize, 0..12_usize, 0..3_usize), 0..6),
    ) {
        const NAMES: [&str; 6] = [r#""""#, r#""a""#, r#""}\"{""#, r#""\\""#, r#""\u0022:,""#, "\"é\""];
        const VALUES: [&str; 12] = [
            "1E400", "-0", "true", "null", r#""]""#, r#""\\""#, r#""\"}""#, "{}", "[ ]", "\"\u{4f60}\"",
            r#"[[0],{"]":"["} , "\\\"]"]"#, "{ \"a\" :\n{\"}\":[1,{}]} }",
        ];
        let space = ["", " ", "\r\n\t"];
        let members: Vec<_> = written
            .into_iter()
            .map(|(name, value, at)| format!("{0}{1}{0}:{0}{2}{0}", space[at], NAMES[name], VALUES[value]))
            .collect();
        let object = format!("{{{}}}", members.join(","));
        let object = text(&object);
        let mut cursor = Cursor::new(object.get(), 0);
        prop_assert!(cursor.enter_object());
        for member in super::members(object).expect("an object") {
            prop_assert_eq!(cursor.next_name(), Some(member.name.get()));
            prop_assert_eq!(cursor.take_value(), member.value.get());
        }
        prop_assert_eq!(cursor.next_name(), None);
        prop_assert_eq!(cursor.text_since(0), object.get());
    }
}
