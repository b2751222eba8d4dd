//! Which Rust module each byte of the wasm comes from.
//!
//! Read from the wasm itself: the code section gives each function's size, the name section its Rust path. Our own
//! functions are grouped by module down to the third level (`repflow::fitness::session`), everyone else's to the second
//! (`serde_json::de`). Inlining moves a callee's bytes
//! into its caller, so the table says where the code ended up, not who wrote it.

use std::collections::HashMap;

use anyhow::Result;
use wasmparser::{KnownCustom, Name, NameSectionReader, Parser, Payload, TypeRef};

use crate::table::Table;

const OURS: &str = "repflow";
const PRIMITIVES: &[&str] =
    &["bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "isize", "str", "u8", "u16", "u32", "u64", "usize"];
/// Functions without a Rust path. Their inlined callees make them large.
const EXPORTS: &str = "exports, with what is inlined into them";
const ROWS: usize = 40;

/// The table: modules by size, then the sections that hold no code.
pub(super) fn table(wasm: &[u8]) -> Result<Table> {
    let sections = Sections::read(wasm)?;
    let mut groups: HashMap<String, (usize, usize)> = HashMap::new();
    for (index, size) in &sections.functions {
        let name = sections.names.get(index).map_or("", String::as_str);
        let group = groups.entry(group(name)).or_default();
        *group = (group.0 + size, group.1 + 1);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by(|(a, (size_a, _)), (b, (size_b, _))| size_b.cmp(size_a).then(a.cmp(b)));

    let mut table = Table::new(&["code by Rust module", "bytes", "functions"]);
    for (name, (size, count)) in groups.iter().take(ROWS) {
        table.row(name, &[*size, *count]);
    }
    if groups.len() > ROWS {
        let rest = groups[ROWS..].iter().fold((0, 0), |sum, (_, group)| (sum.0 + group.0, sum.1 + group.1));
        table.row("all others", &[rest.0, rest.1]);
    }
    table.row("data: constants, strings, tables", &[sections.data]);
    table.row("types, imports, exports, element tables", &[sections.other]);
    Ok(table)
}

/// What the wasm holds, by what we ask of it.
#[derive(Default)]
struct Sections {
    /// Index and size of each function with a body.
    functions: Vec<(u32, usize)>,
    names: HashMap<u32, String>,
    data: usize,
    other: usize,
}

impl Sections {
    fn read(wasm: &[u8]) -> Result<Self> {
        let mut sections = Self::default();
        let mut next = 0;
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::ImportSection(imports) => {
                    sections.other += imports.range().len();
                    for import in imports.into_imports() {
                        // Imported functions have the first indices.
                        next += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                    }
                }
                Payload::CodeSectionEntry(body) => {
                    sections.functions.push((next, body.range().len()));
                    next += 1;
                }
                Payload::DataSection(data) => sections.data += data.range().len(),
                Payload::CustomSection(custom) => {
                    if let KnownCustom::Name(names) = custom.as_known() {
                        sections.names = function_names(names)?;
                    }
                }
                // The code section as a whole: its entries are counted one by one.
                Payload::CodeSectionStart { .. } => {}
                payload => sections.other += payload.as_section().map_or(0, |(_, range)| range.len()),
            }
        }
        Ok(sections)
    }
}

/// What the functions are called, by their numbers.
pub(crate) fn function_names(reader: NameSectionReader<'_>) -> Result<HashMap<u32, String>> {
    let mut names = HashMap::new();
    for subsection in reader {
        if let Name::Function(map) = subsection? {
            for naming in map {
                let naming = naming?;
                names.insert(naming.index, naming.name.to_owned());
            }
        }
    }
    Ok(names)
}

/// Whose function it is: `repflow::bus`, `serde_json::de`, `core::fmt`.
fn group(name: &str) -> String {
    // A destructor belongs to what it destroys, and an implementation to the type it is for. Where that is any type
    // at all (`<T as …>`), it belongs to the trait.
    let path = name.find("drop_in_place<").map_or(name, |at| &name[at + "drop_in_place<".len()..]);
    let path = match path.split_once(" as ") {
        Some((of, implemented)) if of.trim_start_matches(['<', '&']).len() == 1 => implemented,
        _ => path,
    };
    let path = path.trim_start_matches(['<', '&', '*', '(', '[', '_']);
    let path = ["mut ", "const ", "dyn "].iter().fold(path, |path, word| path.strip_prefix(word).unwrap_or(path));
    let mut modules: Vec<&str> = path.split("::").map(identifier).collect();
    modules.pop_if(|last| is_hash(last));
    if modules.len() < 2 || modules[0].is_empty() {
        return EXPORTS.to_owned();
    }
    // The last one is the function itself.
    modules.pop();
    match modules[0] {
        // The allocator's and the panic's entry points, and methods of numbers and strings.
        "rustc" => return "std".to_owned(),
        primitive if PRIMITIVES.contains(&primitive) => return "core".to_owned(),
        _ => {}
    }
    let depth = if modules[0] == OURS { 3 } else { 2 };
    let modules: Vec<_> =
        modules.into_iter().take(depth).take_while(|name| name.starts_with(char::is_lowercase)).collect();
    modules.join("::")
}

/// A segment of a path without its generics, or whatever else follows its name.
fn identifier(segment: &str) -> &str {
    let end = segment.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(segment.len());
    &segment[..end]
}

/// Whether a segment is what rustc adds to tell instances apart: `h0123456789abcdef`.
fn is_hash(segment: &str) -> bool {
    segment.len() == 17 && segment.starts_with('h') && segment[1..].chars().all(|c| c.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_go_by_their_module() {
        assert_eq!(group("repflow::workflow::plan::Planner::step::h0123456789abcdef"), "repflow::workflow::plan");
        assert_eq!(group("<repflow::bus::Bus as core::fmt::Debug>::fmt"), "repflow::bus");
        assert_eq!(group("<&mut repflow::bus::Bus as core::fmt::Debug>::fmt"), "repflow::bus");
        assert_eq!(group("core::ptr::drop_in_place<repflow::exec::Task>"), "repflow::exec");
        assert_eq!(group("serde_json::de::from_str::h0123456789abcdef"), "serde_json::de");
        assert_eq!(group("repflow::rng::next"), "repflow::rng");
        assert_eq!(group("core[0123456789abcdef]::fmt::float::decimal::<f64>"), "core::fmt");
        assert_eq!(group("<alloc::vec::Vec<T> as core::clone::Clone>::clone"), "alloc::vec");
        assert_eq!(group("<f64 as core::fmt::Display>::fmt"), "core");
        assert_eq!(group("<T as alloc::string::ToString>::to_string"), "alloc::string");
        assert_eq!(group("__rustc::__rdl_alloc"), "std");
        assert_eq!(group("featurebus_new"), EXPORTS);
        assert_eq!(group(""), EXPORTS);
    }

    #[test]
    fn sizes_and_names_are_read_from_the_wasm() {
        // One imported function, one of our own named repflow::bus::f, and four bytes of data.
        let mut wasm = b"\0asm\x01\0\0\0".to_vec();
        wasm.extend(b"\x01\x04\x01\x60\0\0"); // one type: () -> ()
        wasm.extend(b"\x02\x07\x01\x01m\x01f\0\0"); // import m.f
        wasm.extend(b"\x03\x02\x01\0"); // one function of it
        wasm.extend(b"\x05\x03\x01\0\x01"); // a memory
        wasm.extend(b"\x0a\x04\x01\x02\0\x0b"); // an empty body
        wasm.extend(b"\x0b\x0a\x01\0\x41\0\x0b\x04data"); // at 0: "data"
        let name = b"repflow::bus::f";
        let map = [&[1, 1, name.len() as u8], &name[..]].concat();
        let body = [&b"\x04name\x01"[..], &[map.len() as u8], &map].concat();
        wasm.extend([&[0, body.len() as u8], &body[..]].concat());

        let sections = Sections::read(&wasm).unwrap();
        assert_eq!(sections.functions, [(1, 2)]);
        assert_eq!(sections.names[&1], "repflow::bus::f");
        assert_eq!(sections.data, 10);
    }

    #[test]
    fn a_reader_of_nonsense_says_so() {
        assert!(Sections::read(b"not wasm").is_err());
    }
}
