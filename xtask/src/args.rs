//! The command line: flags, options with a value, and the rest.
//!
//! By hand, because a handful of options does not pay for a parser. What is left over is refused, never ignored.

use anyhow::{Context, Result, bail};

/// What was typed after the command and has not been understood yet.
pub(crate) struct Args(Vec<String>);

impl Args {
    pub(crate) fn new(args: Vec<String>) -> Self {
        Self(args)
    }

    /// Takes `name` out and says whether it was there.
    pub(crate) fn flag(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|arg| arg != name);
        self.0.len() < before
    }

    /// Takes `name VALUE` or `name=VALUE` out.
    pub(crate) fn value(&mut self, name: &str) -> Result<Option<String>> {
        for at in 0..self.0.len() {
            if self.0[at] == name {
                if self.0.get(at + 1).is_none_or(|next| next.starts_with("--")) {
                    bail!("`{name}` needs a value");
                }
                self.0.remove(at);
                return Ok(Some(self.0.remove(at)));
            }
            if let Some(value) = self.0[at].strip_prefix(name).and_then(|rest| rest.strip_prefix('=')) {
                let value = value.to_owned();
                self.0.remove(at);
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Like [`Args::value`], for a port.
    pub(crate) fn number(&mut self, name: &str) -> Result<Option<u16>> {
        let Some(text) = self.value(name)? else { return Ok(None) };
        let number = text.parse().with_context(|| format!("`{name} {text}`: expected a number from 0 to 65535"))?;
        Ok(Some(number))
    }

    /// The plain words that are left; an option among them is an error.
    pub(crate) fn rest(self) -> Result<Vec<String>> {
        match self.0.iter().find(|arg| arg.starts_with('-')) {
            Some(unknown) => bail!("there is no option `{unknown}`; see cargo xtask help"),
            None => Ok(self.0),
        }
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<()> {
        match self.0.first() {
            Some(unknown) => bail!("`{unknown}` was not expected; see cargo xtask help"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(words: &[&str]) -> Args {
        Args::new(words.iter().map(|&word| word.to_owned()).collect())
    }

    #[test]
    fn options_are_taken_wherever_they_stand() {
        let mut args = args(&["--port", "8080", "--once", "--out=pkg"]);
        assert!(args.flag("--once"));
        assert_eq!(args.number("--port").unwrap(), Some(8080));
        assert_eq!(args.value("--out").unwrap().as_deref(), Some("pkg"));
        args.finish().unwrap();
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        assert!(args(&["--port"]).number("--port").is_err());
        assert!(args(&["--port", "many"]).number("--port").is_err());
        assert!(args(&["--prot", "1"]).finish().is_err());
        assert!(args(&["native", "--quick"]).rest().is_err());
    }
}
