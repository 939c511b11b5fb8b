//! Spellings of folders: which are the same, which differ, and which are not a folder.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn normal(text: &str) -> Option<String> {
    WorkspaceFolder::parse(text).ok().map(|folder| folder.as_str().to_owned())
}

#[track_caller]
fn check(input: &str, expected: &str) {
    assert_eq!(normal(input).as_deref(), Some(expected), "{input:?}");
}

#[test]
fn the_spellings_of_one_folder_normalise_to_the_same_uri() {
    #[track_caller]
    fn check_all(spellings: &[&str], expected: &str) {
        for spelling in spellings {
            check(spelling, expected);
        }
    }
    check_all(
        &[
            "file:///a/b",
            "file:///a/b/",
            "file:///a/b//",
            "file:///a/%62",
            "file:///%61/%62",
            "FILE:///a/b",
            "file:/a/b",
            "file:/a/b/",
            "file://localhost/a/b",
            "file://LocalHost/a/b/",
            "file://%6cocalhost/a/b",
            "file://localhost:/a/b",
        ],
        "file:///a/b",
    );
    check_all(
        &[
            "file:///C:/x",
            "file:///c%3A/x",
            "file:///c:/x/",
            "file:///C%3a/x",
            "file:///%43:/x",
            "file:/C:/x",
        ],
        "file:///c:/x",
    );
    check_all(&["file:///C:", "file:///c:/", "file:///C%3A/"], "file:///c:");
    check_all(&["file:///", "file:/", "file://", "file://localhost", "file:////"], "file:///");
    check_all(&["file:///c%3A/a%20b%40c", "file:///c:/a%20b@c", "file:///C:/a b@c"], "file:///c:/a%20b@c");
    check_all(
        &["file:///h/%E4%BD%A0%e5%a5%bd", "file:///h/\u{4f60}\u{597d}", "file:///h/\u{4f60}%E5%a5%bd"],
        "file:///h/%E4%BD%A0%E5%A5%BD",
    );
    check_all(
        &[
            "vscode-remote://ssh-remote%2Bhost/p",
            "vscode-remote://ssh-remote+Host/p/",
            "VSCODE-REMOTE://SSH-remote+host/p",
        ],
        "vscode-remote://ssh-remote+host/p",
    );
    check_all(
        &["file://Server/Share/X", "file://server/Share/X/", "file://%53erver/Share/X"],
        "file://server/Share/X",
    );
}

#[test]
fn different_folders_stay_different() {
    let spellings = [
        "file:///a/b",
        "file:///a/B",
        "file:///A/b",
        "file:///a",
        "file:///a//b",
        "file:///a/./b",
        "file:///a/b/.",
        "file:///a/b/../b",
        "file:///a%2Fb",
        "file:///a/b%2F",
        "file:///a%252Fb",
        "file:///a/b%20",
        "file:///a/b?q",
        "file:///a/b%3Fq",
        "file:///a/b#q",
        "file:///a/b%23q",
        "file:///a/b?",
        "file:////a/b",
        "file://host/a/b",
        "file://localhost:80/a/b",
        "file://me@localhost/a/b",
        "file:a/b",
        "memfs:/a/b",
        "memfs:///a/b",
        "memfs://a/b",
        "file:///a/b+c",
        "file:///a/b%20c",
        "file:///caf%C3%A9",
        "file:///cafe%CC%81",
        "file:///caf%E9",
    ];
    let different: HashSet<_> = spellings.iter().map(|spelling| normal(spelling).expect(spelling)).collect();
    assert_eq!(different.len(), spellings.len());
}

#[test]
fn a_path_is_encoded_as_far_as_necessary() {
    check(
        "file:///%21%24%26%27%28%29%2a%2b%2c%3b%3d%3a%40%2d%2e%5f%7e%30%41%7a",
        "file:///!$&'()*+,;=:@-._~0Az",
    );
    check(
        "file:///%2f%25%3f%23%5b%5d%20%22%3c%3e%5c%5e%60%7b%7c%7d",
        "file:///%2F%25%3F%23%5B%5D%20%22%3C%3E%5C%5E%60%7B%7C%7D",
    );
    check("file:///a\"<>\\^`{|}[]", "file:///a%22%3C%3E%5C%5E%60%7B%7C%7D%5B%5D");
    check("file:///%00%0a%7f%80%ff", "file:///%00%0A%7F%80%FF");
    check("file:///a/%2e%2e/b", "file:///a/../b");
    check("file:///C|/x", "file:///C%7C/x");
    check("file:///Cc:/x", "file:///Cc:/x");
    check("file:///C:x", "file:///C:x");
    check("file:///1:/x", "file:///1:/x");
    check("file:///a/C:/x", "file:///a/C:/x");
}

#[test]
fn other_schemes_are_folders_too() {
    check("untitled:Untitled-1", "untitled:Untitled-1");
    check("untitled:a/b/", "untitled:a/b");
    check("memfs:/x", "memfs:/x");
    check("memfs:/", "memfs:/");
    check("memfs:///", "memfs:///");
    check("memfs:/C:/x", "memfs:/C:/x");
    check("memfs:", "memfs:");
    check("ssh://Me%3a%41:Pw@Host.Example:22/P", "ssh://Me%3AA:Pw@host.example:22/P");
    check("ssh://[FE80::1]:/p", "ssh://[fe80::1]/p");
    check("ssh://Host", "ssh://host/");
    check("ssh://b\u{fc}cher/p", "ssh://b%C3%BCcher/p");
    check("ssh://%2F%3A%40/p", "ssh://%2F%3A%40/p");
    check("ssh://localhost/p", "ssh://localhost/p");
    check("x-y.z+1:/a?%2f%41=%3d/#%62%2F%5b", "x-y.z+1:/a?%2FA=%3D/#b%2F%5B");
    check("x-y:/a/?q/", "x-y:/a?q/");
    check("file:///C#/p#q r", "file:///C#/p%23q%20r");
    check("https://h?q", "https://h/?q");
    check("urn:uuid:6E8BC430-9C3A-11D9-9669-0800200C9A66", "urn:uuid:6E8BC430-9C3A-11D9-9669-0800200C9A66");
}

#[test]
fn a_text_that_is_not_an_absolute_uri_is_refused() {
    #[track_caller]
    fn check(input: &str) {
        assert_eq!(normal(input), None, "{input:?}");
    }
    check("");
    check(" ");
    check("/a/b");
    check("a/b");
    check("//host/a");
    check("://a");
    check("1a:/b");
    check(" file:///a");
    check("fi le:///a");
    check("fil\u{e9}:///a");
    check("C:\\src");
    check("c:/src");
    check("\\\\server\\share");
    check("~/src");
    check("file:///a\nb");
    check("file:///a\0");
    check("file:///a\u{7f}");
    check("file:///a\u{85}");
    check("C://[a/b");
    check("1a://h:p/b");
}

#[test]
fn a_percent_sign_that_encodes_nothing_counts_as_encoded() {
    check("file:///home/me/100%/p", "file:///home/me/100%25/p");
    check("file:///%", "file:///%25");
    check("file:///%4", "file:///%254");
    check("file:///%zz", "file:///%25zz");
    check("file:///%%41", "file:///%25A");
    check("file:///%4%31", "file:///%2541");
    check("file:///a%+1b", "file:///a%25+1b");
    check("file:///%\u{e9}%", "file:///%25%C3%A9%25");
    check("file://%zz/a", "file://%25zz/a");
    check("file:///a?%zz", "file:///a?%25zz");
    check("file:///a#%zz%", "file:///a#%25zz%25");
    check("untitled:100%", "untitled:100%25");
}

#[test]
fn an_authority_outside_of_the_standard_is_kept_as_it_is() {
    for authority in [
        "srv:USER",
        "h:22~",
        "ssh-remote+[::1]:2222",
        "[::1",
        "[nonsense]",
        "a[b]",
        "a]b[",
        "a@b@c",
        "A:B:c",
        ":x",
        "h:-1",
        "me@h:~",
        "srv:%25SYS",
        "a%3A:b",
    ] {
        for (tail, kept) in
            [("", "/"), ("/", "/"), ("//", "/"), ("/a b/", "/a%20b"), ("/a?q/", "/a?q/"), ("?q", "/?q")]
        {
            let expected = format!("x-y://{authority}{kept}");
            check(&format!("x-y://{authority}{tail}"), &expected);
            check(&format!("X-Y://{authority}{tail}"), &expected);
        }
    }
    check("isfs://srv:%SYS/", "isfs://srv:%25SYS/");
    check("file://host:port/a", "file://host:port/a");
    check("file://C:\\src", "file://C:%5Csrc/");
    check("x-y://a:b c/", "x-y://a:b%20c/");
    check("x-y://a:\u{fc}/", "x-y://a:%C3%BC/");
    // Unnecessary percent-encoding is removed, and the rest is written in one way.
    check("vscode-remote://ssh-remote%2b[::1]:2222/p", "vscode-remote://ssh-remote+[::1]:2222/p");
    check("x-y://%61:b%2f%3a%40%5b/", "x-y://a:b%2F%3A%40%5B/");
    // An authority that looked opaque only because of its encoding is not.
    check("x-y://H:%32%32/p", "x-y://h:22/p");
}

#[test]
fn similar_opaque_authorities_stay_different() {
    let spellings = [
        "isfs://srv:USER/",
        "isfs://srv:user/",
        "isfs://SRV:USER/",
        "isfs://srv:USER/a",
        "isfs://srv/USER",
        "isfs://srv%3AUSER/",
        "isfs://srv:USER?a",
        "isfs://srv:USER/#",
        "isfs://srv:/",
        "isfs:///",
        "isfs:/srv:USER/",
        "isfs://srv:USER:/",
        "isfs://srv::USER/",
        "isfs://@srv:USER/",
        "isfs2://srv:USER/",
        "vscode-remote://ssh-remote+[::1]:2222/p",
        "vscode-remote://ssh-remote+[::1]/p",
        "vscode-remote://ssh-remote+::1:2222/p",
        "vscode-remote://ssh-remote+%5B::1%5D:2222/p",
        "vscode-remote://[::1]:2222/p",
    ];
    let different: HashSet<_> = spellings.iter().map(|spelling| normal(spelling).expect(spelling)).collect();
    assert_eq!(different.len(), spellings.len());
}

#[test]
fn the_limit_holds_before_and_after_normalising() {
    let longest = format!("file:///{}", "a".repeat(limits::URI - 8));
    assert_eq!(normal(&longest), Some(longest.clone()));
    assert_eq!(normal(&format!("{longest}/")), None, "one byte more to read");
    assert_eq!(normal(&longest.replace("file:///a", "file:/aaa")), None, "two bytes more to keep");
    assert_eq!(normal(&format!("file:///{}", " ".repeat(limits::URI / 2))), None, "three times as long");
}

#[cfg(unix)]
#[test]
fn a_path_of_this_machine_becomes_the_uri_that_editors_send() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[track_caller]
    fn check(path: &[u8], expected: Option<&str>) {
        let folder = WorkspaceFolder::from_path(Path::new(OsStr::from_bytes(path)));
        assert_eq!(folder.as_ref().map(WorkspaceFolder::as_str), expected);
    }
    check(b"/", Some("file:///"));
    check(b"/home/me/a b@c", Some("file:///home/me/a%20b@c"));
    check(b"/home/me/", Some("file:///home/me"));
    check(b"/a/%41?#[x]\\", Some("file:///a/%2541%3F%23%5Bx%5D%5C"));
    check(b"/a/../b//c", Some("file:///a/../b//c"));
    check(b"/a\n\xff\xc3\xa9", Some("file:///a%0A%FF%C3%A9"));
    check(b"//a", Some("file:////a"));
    check(b"a/b", None);
    check(b"", None);
    check(&[b'/'; limits::URI], None);
}

#[test]
fn a_path_of_windows_becomes_the_uri_that_editors_send() {
    #[track_caller]
    fn check(path: &str, expected: &str) {
        assert_eq!(normal(&windows_uri(path)).as_deref(), Some(expected));
    }
    check("C:\\Users\\Me\\a b", "file:///c:/Users/Me/a%20b");
    check("c:/x/", "file:///c:/x");
    check("D:\\", "file:///d:");
    check("\\\\Server\\Share\\x#", "file://server/Share/x%23");
    check("\\\\wsl$\\Ubuntu\\home", "file://wsl$/Ubuntu/home");
    check("\\\\?\\C:\\x", "file:///c:/x");
    check("\\\\?\\UNC\\Server\\Share", "file://server/Share");
}

/// Writes a path's bytes, each encoded or not by its flag; bytes that have to be encoded always are.
fn spelling(segments: &[Vec<u8>], flags: &[bool]) -> String {
    let mut flags = flags.iter().copied().cycle();
    let mut uri = "file://".to_owned();
    for segment in segments {
        uri.push('/');
        for &byte in segment {
            let raw = byte.is_ascii_graphic() && !b"/%?#".contains(&byte) || byte == b' ';
            let spelled = match flags.next() {
                Some(true) if raw => char::from(byte).to_string(),
                Some(false) => format!("%{byte:02x}"),
                _ => format!("%{byte:02X}"),
            };
            uri.push_str(&spelled);
        }
    }
    uri
}

#[test]
fn the_parent_of_a_folder_lacks_the_last_segment_of_its_path() {
    #[track_caller]
    fn check(input: &str, expected: &[&str]) {
        let mut folder = WorkspaceFolder::parse(input).ok().unwrap();
        for expected in expected {
            folder = folder.parent().expect("there is a parent");
            assert_eq!(folder.as_str(), *expected);
        }
        assert!(folder.parent().is_none(), "nothing is above {}", folder.as_str());
    }
    check("file:///a/b/c", &["file:///a/b", "file:///a", "file:///"]);
    check("file:///", &[]);
    check("file:///C:/x", &["file:///c:", "file:///"]);
    check("file://server/share/x", &["file://server/share", "file://server/"]);
    check("file:///a%2Fb/c%20d", &["file:///a%2Fb", "file:///"]);
    check("file:///a//b", &["file:///a", "file:///"]);
    check("file:////a", &["file:///"]);
    check("file:///a/../b", &["file:///a/..", "file:///a", "file:///"]);
    check("memfs:/a/b", &["memfs:/a", "memfs:/"]);
    check("vscode-vfs://github/a/b?ref#x", &["vscode-vfs://github/a?ref#x", "vscode-vfs://github/?ref#x"]);
    check("isfs://srv:USER/a", &["isfs://srv:USER/"]);
    check("isfs://srv:USER", &[]);
    check("vscode-remote://ssh-remote+[::1]:2222/p", &["vscode-remote://ssh-remote+[::1]:2222/"]);
    check("untitled:one/two", &[]);
    check("urn:a:b", &[]);
    check("x-y:?q/r", &[]);
}

proptest! {
    #[test]
    fn a_parent_is_normalised_and_shorter(rest in "(//[a-z:@]{0,4})?(/{1,2}[a-z.%: ]{0,3}){0,5}([?#][a-z/]{0,4})?") {
        let mut folder = WorkspaceFolder::parse(&format!("x-y:{rest}")).ok();
        while let Some(one) = folder {
            prop_assert_eq!(normal(one.as_str()), Some(one.as_str().to_owned()));
            folder = one.parent();
            prop_assert!(folder.as_ref().is_none_or(|parent| parent.as_str().len() < one.as_str().len()));
        }
    }

    #[test]
    fn any_two_spellings_of_a_path_normalise_to_the_same_uri(
        segments in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..12), 1..5),
        one in prop::collection::vec(any::<bool>(), 1..60),
        other in prop::collection::vec(any::<bool>(), 1..60),
    ) {
        let one = normal(&spelling(&segments, &one));
        prop_assert!(one.is_some());
        prop_assert_eq!(one, normal(&spelling(&segments, &other)));
    }

    // Paths of Windows begin with a drive; the table above has some.
    #[cfg(unix)]
    #[test]
    fn a_path_and_its_encoded_form_normalise_to_the_same_uri(path in "(/[ -~\u{e9}\u{4f60}]{0,8}){1,4}") {
        let raw = WorkspaceFolder::from_path(Path::new(&path)).map(|folder| folder.as_str().to_owned());
        let encode = |byte| if byte == b'/' { "/".to_owned() } else { format!("%{byte:02x}") };
        let encoded: String = path.bytes().map(encode).collect();
        prop_assert_eq!(raw, normal(&format!("file://{encoded}")));
    }

    #[test]
    fn normalising_twice_changes_nothing(
        text in prop_oneof![
            any::<String>(),
            "(file|FILE|x-y|C)?:?/{0,4}([a-zA-Z@:.%\\[\\]]{0,6}/{0,2}){0,4}(\\?.{0,5})?(#.{0,5})?",
            "file:/{0,4}(localhost|%[0-9a-fA-F]{2}|[C:/?#@\u{e9} .]){0,10}",
        ],
    ) {
        if let Some(once) = normal(&text) {
            prop_assert!(once.is_ascii() && !once.bytes().any(|byte| byte.is_ascii_control() || byte == b' '));
            prop_assert_eq!(normal(&once), Some(once.clone()));
        }
    }

    #[test]
    fn any_text_with_a_scheme_is_a_folder(rest in "[ -~\u{e9}\u{4f60}]{0,30}") {
        let once = normal(&format!("x-y:{rest}"));
        prop_assert!(once.is_some());
        prop_assert_eq!(normal(once.as_deref().unwrap()), once);
    }

    #[test]
    fn two_authorities_are_the_same_only_by_the_standard(
        one in "[aA:@\\[\\]2%~+]{0,8}", other in "[aA:@\\[\\]2%~+]{0,8}",
    ) {
        let [a, b] = [&one, &other].map(|authority| normal(&format!("x-y://{authority}/p")));
        if a == b {
            // In an authority of the standard, case and an empty port make no difference; `%` has two spellings.
            let bare = |authority: &str| authority.to_lowercase().replace("%2a", "*").trim_end_matches(':').replace("%25", "%");
            prop_assert_eq!(bare(&one), bare(&other));
        }
    }
}
