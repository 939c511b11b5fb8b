//! No circle of files: a file of a room never needs a file that needs it in turn. A file and the files in its folder
//! (`a.rs` and `a/*.rs`) may name each other: a child uses what its parent keeps.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{Item, UseTree, Visibility};

/// A module's path below the crate: `["store", "lmdb", "engine"]`.
type Module = Vec<String>;

#[derive(Default)]
struct Source {
    /// Paths below the crate that the file names.
    named: Vec<Module>,
    /// What it re-exports from other files, by its name here.
    re_exports: BTreeMap<String, Module>,
}

#[test]
fn no_file_needs_a_file_that_needs_it() {
    let sources = sources();
    let graph: BTreeMap<&Module, BTreeSet<&Module>> = sources
        .iter()
        .map(|(module, source)| {
            let to = source.named.iter().filter_map(|path| file_of(&sources, path, 8));
            (module, to.filter(|to| !module.starts_with(to)).collect())
        })
        .collect();
    let circles: Vec<_> =
        graph.keys().filter_map(|module| Some(way_back(&graph, module)?.join(" → "))).collect();
    assert!(graph.values().map(BTreeSet::len).sum::<usize>() > 300, "the files were not read");
    assert!(circles.is_empty(), "these files need each other: {circles:#?}");
}

/// A way from a file to itself.
fn way_back(graph: &BTreeMap<&Module, BTreeSet<&Module>>, start: &Module) -> Option<Vec<String>> {
    let mut from: BTreeMap<&Module, &Module> = BTreeMap::new();
    let mut next = vec![start];
    while let Some(at) = next.pop() {
        for to in &graph[at] {
            if *to == start {
                let mut way = vec![start.join("::"), at.join("::")];
                let mut back = at;
                while back != start {
                    back = from[back];
                    way.push(back.join("::"));
                }
                way.reverse();
                return Some(way);
            }
            if !from.contains_key(to) {
                from.insert(to, at);
                next.push(to);
            }
        }
    }
    None
}

/// The file in which what a path names stands, through re-exports.
fn file_of<'s>(sources: &'s BTreeMap<Module, Source>, path: &[String], steps: usize) -> Option<&'s Module> {
    (1..=path.len()).rev().find_map(|length| {
        let (module, source) = sources.get_key_value(&path[..length])?;
        let re_exports = path.get(length).and_then(|name| source.re_exports.get(name));
        match re_exports {
            Some(to) if steps > 0 => file_of(sources, &[to, &path[length + 1..]].concat(), steps - 1),
            _ => Some(module),
        }
    })
}

fn sources() -> BTreeMap<Module, Source> {
    let mut texts = BTreeMap::new();
    read(Path::new("src"), &mut Vec::new(), &mut texts);
    let modules: BTreeSet<Module> = texts.keys().cloned().collect();
    texts.into_iter().map(|(module, text)| (module.clone(), source(&modules, &module, &text))).collect()
}

fn read(folder: &Path, module: &mut Module, texts: &mut BTreeMap<Module, String>) {
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        module.push(name.clone());
        // A module of tests may name what it likes.
        if path.is_dir() && name != "tests" {
            read(&path, module, texts);
        } else if path.is_file() && !["lib", "main", "tests"].contains(&name.as_str()) {
            texts.insert(module.clone(), fs::read_to_string(&path).unwrap());
        }
        module.pop();
    }
}

fn source(modules: &BTreeSet<Module>, module: &Module, text: &str) -> Source {
    let mut source = Source::default();
    for item in syn::parse_file(text).unwrap().items {
        match item {
            Item::Use(item) => {
                let is_re_export = !matches!(item.vis, Visibility::Inherited);
                for (path, name) in used(&item.tree, &[]) {
                    let Some(path) = absolute(modules, module, &path) else { continue };
                    if is_re_export {
                        source.re_exports.insert(name, path);
                    } else {
                        source.named.push(path);
                    }
                }
            }
            Item::Mod(item) if item.attrs.iter().any(is_for_tests) => {}
            item => paths(item.to_token_stream(), &mut |path| {
                source.named.extend(absolute(modules, module, &path));
            }),
        }
    }
    source
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    attribute.path().is_ident("cfg") && attribute.to_token_stream().to_string().contains("test")
}

/// Each path of a `use`, and the name that it gives.
fn used(tree: &UseTree, before: &[String]) -> Vec<(Module, String)> {
    let with = |name: String| [before, &[name]].concat();
    match tree {
        UseTree::Path(path) => used(&path.tree, &with(path.ident.to_string())),
        UseTree::Group(group) => group.items.iter().flat_map(|tree| used(tree, before)).collect(),
        UseTree::Name(name) if name.ident == "self" => {
            vec![(before.to_vec(), before.last().cloned().unwrap_or_default())]
        }
        UseTree::Name(name) => vec![(with(name.ident.to_string()), name.ident.to_string())],
        UseTree::Rename(rename) => vec![(with(rename.ident.to_string()), rename.rename.to_string())],
        UseTree::Glob(_) => vec![(before.to_vec(), String::new())],
    }
}

/// Each `a::b::c` in the tokens of an item, of macros too.
fn paths(tokens: TokenStream, found: &mut impl FnMut(Module)) {
    let (mut path, mut colons) = (Module::new(), 0);
    let mut finish = |path: &mut Module| {
        let path = std::mem::take(path);
        if path.len() > 1 {
            found(path);
        }
    };
    let mut groups = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                if colons != 2 {
                    finish(&mut path);
                }
                path.push(ident.to_string());
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            other => {
                finish(&mut path);
                colons = 0;
                if let TokenTree::Group(group) = other {
                    groups.push(group.stream());
                }
            }
        }
    }
    finish(&mut path);
    for group in groups {
        paths(group, found);
    }
}

/// A path below the crate; `None` for one into another crate, or to something of the file itself.
fn absolute(modules: &BTreeSet<Module>, module: &[String], path: &[String]) -> Option<Module> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    match path.first()?.as_str() {
        "crate" => Some(path[1..].to_vec()),
        "super" => Some([&module[..module.len().checked_sub(ups)?], &path[ups..]].concat()),
        "self" => Some([module, &path[1..]].concat()),
        first => {
            let child = [module, &[first.to_owned()]].concat();
            modules.contains(&child).then(|| [module, path].concat())
        }
    }
}
