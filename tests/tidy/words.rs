//! Checks the language of what people read: the list of decisions, and words that are not plain English.

use std::fs;

use crate::{read, root};

/// Files and folders in which [`REFUSED`] words are not allowed.
const CHECKED: &[&str] = &[
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "RELEASING.md",
    "SECURITY.md",
    ".github",
    "dist",
    "schema/README.md",
    "docs",
    "editors",
    "src",
    "tests",
    "benches",
    "fuzz",
    ".ci",
];

/// The file that lists the refused words.
const THIS_FILE: &str = "tests/tidy/words.rs";

/// Beginnings of words that are refused, in lower case. A space stands for any white space.
const REFUSED: &[&str] =
    &["whoever", "befall", "befell", "somebody", "nobody", "mend", "at hand", "patience"];

/// The refused words of a text, in any case. A word begins behind anything that is no letter.
fn refused(text: &str) -> Vec<&'static str> {
    let mut plain = String::from(" ");
    for word in text.split_whitespace() {
        plain.push_str(&word.to_lowercase());
        plain.push(' ');
    }
    let begins = |at: usize| plain[..at].ends_with(|letter: char| !letter.is_alphabetic());
    let found = |word: &&str| plain.match_indices(word).any(|(at, _)| begins(at));
    REFUSED.iter().copied().filter(found).collect()
}

#[test]
fn a_refused_word_is_found_at_the_beginning_of_a_word() {
    assert_eq!(refused("A store mends itself; Nobody's key is at\n  hand"), ["nobody", "mend", "at hand"]);
    assert_eq!(refused("Recommended: amend it, with what handles are at"), Vec::<&str>::new());
    assert_eq!(refused("const PATIENCE = 2; // whoever"), ["whoever", "patience"]);
}

/// Folders and files of other projects, or made by a build.
const NOT_OURS: &[&str] = &["node_modules", "dist", "package-lock.json", "target", ".cache"];

/// The text files below a file or folder, with their paths from the root.
fn texts(place: &str) -> Vec<(String, String)> {
    let path = root().join(place);
    if !path.is_dir() {
        return fs::read_to_string(path).map(|text| (place.to_owned(), text)).into_iter().collect();
    }
    let names = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let ours = names.filter(|name| !NOT_OURS.contains(&name.as_str()));
    ours.flat_map(|name| texts(&format!("{place}/{name}"))).collect()
}

#[test]
fn texts_have_no_word_that_is_not_plain_english() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (path, text) in CHECKED.iter().flat_map(|place| texts(place)) {
        count += 1;
        if path != THIS_FILE {
            wrong.extend(refused(&text).iter().map(|word| format!("{path}: {word}")));
        }
    }
    assert!(count > 150, "the files were not found");
    assert!(wrong.is_empty(), "say who acts, or use the noun: {wrong:#?}");
}

#[test]
fn every_decision_is_listed_with_its_title() {
    let list = read("docs/decisions/README.md");
    let listed: Vec<_> = list.lines().filter(|line| line.starts_with("| 0")).collect();
    let mut expected = Vec::new();
    for (path, text) in texts("docs/decisions") {
        let file = path.trim_start_matches("docs/decisions/");
        if file == "README.md" {
            continue;
        }
        let title = text.lines().next().unwrap().strip_prefix("# ").unwrap();
        // In part or as a whole, by the decision behind the first link.
        let superseded = text.lines().find(|line| line.starts_with("Superseded "));
        let by = superseded.and_then(|line| line.split_once("](")?.1.split_once(')')).map(|(link, _)| link);
        expected.push((format!("| {} | [{title}]({file}) |", &file[..4]), by.map(str::to_owned)));
    }
    expected.sort();
    assert!(expected.len() > 60, "the decisions were not found");
    assert_eq!(listed.len(), expected.len(), "docs/decisions/README.md has another number of decisions");
    for (line, (begin, by)) in listed.iter().zip(expected) {
        assert!(line.starts_with(&begin), "docs/decisions/README.md has\n{line}\nand should have\n{begin}");
        let ending = &line[begin.len()..];
        match by {
            Some(link) => assert!(ending.contains(&format!("]({link})")), "{line}: superseded by {link}"),
            None => assert_eq!(ending, " |", "{line}: not superseded"),
        }
    }
}
