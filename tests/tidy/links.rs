//! Follows every link of every Markdown file in the repository: the file or folder exists, and the heading too. So do the
//! files that a page names in inline code. Addresses on other hosts are not looked up, since a test has no network.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::root;

/// Folders with files that are not in the repository.
const NOT_OURS: &[&str] = &[".cache", ".git", "node_modules", "target", "dist"];

/// Every Markdown file below a folder.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !path.is_symlink() {
            if !NOT_OURS.contains(&name) && !name.starts_with(".home-") {
                found.extend(pages(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut is_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_fence && !is_code
    })
}

/// A paragraph with its inline code replaced, which may go over several lines: brackets in code are no links.
fn without_code(paragraph: &str) -> String {
    let parts = paragraph.split('`').enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { part } else { "code" }).collect()
}

/// What stands between `begin` and one of `ends`, wherever `begin` occurs.
fn between<'t>(text: &'t str, begin: &str, ends: &[char]) -> Vec<&'t str> {
    text.split(begin).skip(1).filter_map(|rest| rest.split(ends).next()).collect()
}

/// The targets of all links and pictures in a text.
fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let prose = prose(text).collect::<Vec<_>>().join("\n");
    let plain = prose.split("\n\n").map(without_code).collect::<Vec<_>>().join("\n");
    for line in plain.lines() {
        for (begin, ends) in [("](", &[')', ' '][..]), ("href=\"", &['"']), ("src=\"", &['"'])] {
            found.extend(between(line, begin, ends).into_iter().map(ToOwned::to_owned));
        }
        // A link that is defined in one place, `[name]: target`.
        if let Some((_, target)) = line.split_once("]: ")
            && line.starts_with('[')
        {
            found.extend(target.split_whitespace().next().map(ToOwned::to_owned));
        }
    }
    found
}

/// The anchor that a heading gets: its letters and digits in lower case, and hyphens for blanks.
fn anchor(heading: &str) -> String {
    let kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter(kept)
        .map(|letter| if letter == ' ' { '-' } else { letter })
        .collect()
}

/// Every anchor of a page. A heading that occurs again is numbered.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in prose(text) {
        found.extend(between(line, "id=\"", &['"']).into_iter().map(ToOwned::to_owned));
        let Some(heading) = line.strip_prefix('#') else { continue };
        // Of a link in a heading only its text counts.
        let parts = heading.trim_start_matches('#').split("](").enumerate();
        let heading: String = parts.map(|(at, part)| if at == 0 { part } else { after_link(part) }).collect();
        let plain = anchor(&heading);
        let mut name = plain.clone();
        let mut count = 0;
        while !found.insert(name) {
            count += 1;
            name = format!("{plain}-{count}");
        }
    }
    found
}

/// What comes after the target of a link.
fn after_link(part: &str) -> &str {
    part.split_once(')').map_or(part, |(_, rest)| rest)
}

/// A path without `.` and `..`; `None` if it leaves the repository.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            part => plain.push(part),
        }
    }
    plain.starts_with(root()).then_some(plain)
}

/// What is wrong with a link.
fn wrong(page: &Path, target: &str) -> Option<&'static str> {
    let (path, heading) =
        target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
    let file = if path.is_empty() { page.to_owned() } else { page.parent()?.join(path.replace("%20", " ")) };
    let Some(file) = plain(&file) else { return Some("leaves the repository") };
    if !file.exists() {
        return Some("is not there");
    }
    let heading = heading?;
    let text = fs::read_to_string(file).unwrap_or_default();
    (!anchors(&text).contains(heading)).then_some("has no such heading")
}

/// Whether a target is an address, and no path: it begins with a scheme.
fn is_address(target: &str) -> bool {
    target
        .split_once(':')
        .is_some_and(|(scheme, _)| scheme.chars().all(|letter| letter.is_ascii_alphanumeric()))
}

#[test]
fn every_link_of_every_page_leads_somewhere() {
    let pages = pages(root());
    assert!(pages.len() > 20, "the pages were not found");
    let mut broken = Vec::new();
    let mut followed = 0;
    for page in pages {
        for target in targets(&fs::read_to_string(&page).unwrap()) {
            if is_address(&target) {
                continue;
            }
            followed += 1;
            if let Some(why) = wrong(&page, &target) {
                let page = page.strip_prefix(root()).unwrap().display();
                broken.push(format!("{page}: {target} {why}"));
            }
        }
    }
    assert!(followed > 100, "the links were not found");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The files and folders of the repository that a page names in inline code, like `src/main.rs`.
fn named_files(text: &str) -> Vec<String> {
    let prose = prose(text).collect::<Vec<_>>().join("\n");
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "._-/".contains(letter);
    let is_file = |code: &&str| {
        ["src/", "tests/", "docs/"].iter().any(|folder| code.starts_with(folder)) && code.chars().all(is_name)
    };
    let code = prose.split("\n\n").flat_map(|paragraph| paragraph.split('`').skip(1).step_by(2));
    code.filter(is_file).map(ToOwned::to_owned).collect()
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let mut missing = Vec::new();
    let mut named = 0;
    for page in pages(root()) {
        let path = page.strip_prefix(root()).unwrap().to_str().unwrap();
        // A decision names the files of its time.
        if path.starts_with("docs/decisions") || path.starts_with("editors") {
            continue;
        }
        for file in named_files(&fs::read_to_string(&page).unwrap()) {
            named += 1;
            // `tests/history` may be a folder or, without its ending, a file.
            if !root().join(&file).exists() && !root().join(format!("{file}.rs")).exists() {
                missing.push(format!("{path}: {file}"));
            }
        }
    }
    assert!(named > 50, "the names were not found");
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_file_in_inline_code_is_told_from_other_code() {
    let text = "`src/main.rs`, `tests/run quick`, src/no.rs, `tests/e2e/` and `x.rs`\n```\n`src/no.rs`\n```";
    assert_eq!(named_files(text), ["src/main.rs", "tests/e2e/"]);
}

#[test]
fn a_link_is_told_from_code_and_from_an_address() {
    let text = "[a](b.md) `[c](d)` `x\n[c](d)` ![e](f/g.png \"title\")\n```\n[h](i)\n```\n<a href=\"j#k\">\n[l]: m.md\n[n](https://o)";
    assert_eq!(targets(text), ["b.md", "f/g.png", "j#k", "m.md", "https://o"]);
    for (target, expected) in
        [("https://o", true), ("mailto:a@b", true), ("command:x", true), ("a/b.md#c:d", false)]
    {
        assert_eq!(is_address(target), expected, "{target}");
    }
}

#[test]
fn a_heading_has_the_anchor_that_is_linked_to() {
    let text = "# Who, what & `why` (now)\n## A [link](b.md) here\n## Again\n## Again\n```\n# code\n```";
    let expected = ["a-link-here", "again", "again-1", "who-what--why-now"];
    assert_eq!(anchors(text).into_iter().collect::<Vec<_>>(), expected);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = root().join("docs/format.md");
    for (target, expected) in [
        ("format.md", None),
        ("#keys", None),
        ("../docs/format.md#keys", None),
        ("decisions/", None),
        ("none.md", Some("is not there")),
        ("#none", Some("has no such heading")),
        ("../../elsewhere.md", Some("leaves the repository")),
    ] {
        assert_eq!(wrong(&page, target), expected, "{target}");
    }
}
