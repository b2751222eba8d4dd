//! The package directory: generated parts beside the hand-written ones.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::pkg::{PARTS, Part};
use crate::{paths, process};

const LICENCES: &[&str] = &["LICENSE-MIT", "LICENSE-APACHE"];

/// Makes `dir` anew from the template, and from the glue and the wasm of each part.
pub(super) fn run(dir: &Path, parts: &[(&Part, &Path, &Path)]) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    copy_tree(&paths::in_root("pkg-template"), dir)?;
    for licence in LICENCES {
        fs::copy(paths::in_root(licence), dir.join(licence)).with_context(|| (*licence).to_owned())?;
    }
    let manifest = dir.join("package.json");
    fs::write(&manifest, with_version(&fs::read_to_string(&manifest)?, env!("CARGO_PKG_VERSION"))?)?;

    for (part, glue, wasm) in parts {
        // What the wasm calls its imports and exports; `bundle.mjs` reads it, and takes it away.
        fs::copy(wasm.with_extension("json"), dir.join(part.glue).with_extension("json"))?;
        let wasm = fs::read(wasm)?;
        fs::write(dir.join(part.inline), inline(&gzip(&wasm)?))?;
        if let Some(plain) = part.plain {
            fs::write(dir.join(plain), inline(&wasm))?;
        }
        fs::write(dir.join(part.name).with_extension("wasm"), wasm)?;
        fs::copy(glue, dir.join(part.glue))?;
    }
    shrink(dir)
}

/// Makes the scripts small, which are read in the template and not here: `bundle.mjs` says how.
fn shrink(dir: &Path) -> Result<()> {
    let mut scripts = Vec::new();
    for entry in dir.read_dir()? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.ends_with(".js") && !PARTS.iter().any(|part| part.holds(&name)) {
            scripts.push(path);
        }
    }
    scripts.sort();
    let mut node = process::command("node");
    // As text and not as a file, so that it finds its packages from the root, where it runs.
    node.args(["--input-type=module", "-e", include_str!("bundle.mjs"), "--"]).arg(dir).args(&scripts);
    process::quiet(&mut node)?;
    Ok(())
}

/// The version is Cargo's: one place to change it. The rest of the manifest stays as it was written, byte for byte.
fn with_version(manifest: &str, version: &str) -> Result<String> {
    let key = "\"version\": \"";
    let mut places = manifest.match_indices(key);
    let (Some((at, _)), None) = (places.next(), places.next()) else {
        bail!("pkg-template/package.json should have exactly one {key}…\"");
    };
    let start = at + key.len();
    let end = start + manifest[start..].find('"').context("the version has no end")?;
    Ok(format!("{}{version}{}", &manifest[..start], &manifest[end..]))
}

/// Bytes as a module: for hosts where a file beside the script cannot be counted on.
fn inline(bytes: &[u8]) -> String {
    format!("export default \"{}\";\n", base64(bytes))
}

/// gzip at its best, with no time and no name in it: the same input gives the same bytes.
pub(crate) fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = group.iter().enumerate().fold(0, |bits, (at, &byte)| bits | u32::from(byte) << (16 - 8 * at));
        for digit in 0..4 {
            let shown = digit <= group.len();
            text.push(if shown { char::from(DIGITS[(bits >> (18 - 6 * digit)) as usize & 63]) } else { '=' });
        }
    }
    text
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in from.read_dir().with_context(|| format!("reading {}", from.display()))? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_the_standards_own_examples() {
        let of = |text: &str| base64(text.as_bytes());
        assert_eq!([of(""), of("f"), of("fo"), of("foo")], ["", "Zg==", "Zm8=", "Zm9v"]);
        assert_eq!([of("foob"), of("fooba"), of("foobar")], ["Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }

    #[test]
    fn only_the_version_of_the_manifest_changes() {
        let manifest = "{\n  \"name\": \"repflow\",\n  \"version\": \"0.0.0\",\n  \"type\": \"module\"\n}\n";
        let expected = "{\n  \"name\": \"repflow\",\n  \"version\": \"1.2.3\",\n  \"type\": \"module\"\n}\n";
        assert_eq!(with_version(manifest, "1.2.3").unwrap(), expected);
        assert!(with_version("{}", "1.2.3").is_err());
    }

    #[test]
    fn gzip_is_deterministic() {
        assert_eq!(gzip(b"the same bytes").unwrap(), gzip(b"the same bytes").unwrap());
    }
}
