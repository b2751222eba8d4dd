//! Steps that need not run again.
//!
//! A step's result is kept beside a copy of its input and a line that names its tools and flags. Bytes are compared,
//! not times and not hashes: an unchanged build is recognised even after a fresh checkout, and nothing can collide.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Runs `work` in an empty directory `dir`, unless the last run there had the same `input` and `recipe`.
pub(super) fn unless_done(
    dir: &Path,
    input: &Path,
    recipe: &str,
    work: impl FnOnce(&Path) -> Result<()>,
) -> Result<()> {
    let (input_kept, recipe_kept) = (dir.join("input.wasm"), dir.join("recipe.txt"));
    let bytes = fs::read(input).with_context(|| format!("reading {}", input.display()))?;
    let same = |kept: &PathBuf, now: &[u8]| fs::read(kept).is_ok_and(|then| then == now);
    if same(&recipe_kept, recipe.as_bytes()) && same(&input_kept, &bytes) {
        return Ok(());
    }
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    work(dir)?;
    fs::write(input_kept, bytes)?;
    // Last: an interrupted run leaves no recipe, and so is run again.
    Ok(fs::write(recipe_kept, recipe)?)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_step_runs_again_only_when_its_input_or_recipe_changes() {
        let dir = std::env::temp_dir().join(format!("repflow-cache-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let (input, kept) = (dir.join("in"), dir.join("kept"));
        let runs = Cell::new(0);
        let run = |bytes: &str, recipe: &str| {
            fs::write(&input, bytes).unwrap();
            unless_done(&kept, &input, recipe, |_| {
                runs.set(runs.get() + 1);
                Ok(())
            })
            .unwrap();
            runs.get()
        };
        assert_eq!(run("a", "-O"), 1);
        assert_eq!(run("a", "-O"), 1);
        assert_eq!(run("b", "-O"), 2);
        assert_eq!(run("b", "-Oz"), 3);
        fs::remove_dir_all(&dir).unwrap();
    }
}
