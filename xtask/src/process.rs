//! Other programs: how they are started, and what becomes of their output.
//!
//! Four ways, by who reads the output: [`shown`] passes it through, [`quiet`] keeps it unless the program fails,
//! [`stdout`] returns one half and passes the other through, and [`teed`] passes all of it through and returns it as
//! well, for a test runner's closing lines. [`hand_over`] is for the last thing that is to be done. No child gets our stdin: a
//! program that would ask a question fails instead of waiting for ever.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::paths;

/// The rustup toolchain for every later Cargo, when set-up had to choose one.
static TOOLCHAIN: OnceLock<&'static str> = OnceLock::new();

/// From here on Cargo and rustc are those of the rustup toolchain `name`.
pub(crate) fn use_toolchain(name: &'static str) {
    // Whoever came first chose; there is only one toolchain to choose.
    let _ = TOOLCHAIN.set(name);
}

/// A program, to be run from the root of the repository.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(paths::in_root("")).stdin(Stdio::null());
    // Set by the Cargo that runs us: they describe xtask, and a build of another package must not see them.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    if let Some(toolchain) = TOOLCHAIN.get() {
        command.env("RUSTUP_TOOLCHAIN", toolchain);
        // Cargo tells its children which cargo and rustc it is: those of the toolchain we left.
        command.env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTDOC");
    }
    command
}

/// Cargo, by name and not by `$CARGO`, so that a chosen toolchain applies.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = command("cargo");
    command.args(args);
    command
}

/// Goes on as another program, so that whoever stops this one stops that one.
#[cfg(unix)]
pub(crate) fn hand_over(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(error).with_context(|| format!("could not start `{}`", command.get_program().display()))
}

/// Runs another program to its end: where a process cannot become another one, this is as near as it gets.
#[cfg(not(unix))]
pub(crate) fn hand_over(command: &mut Command) -> Result<()> {
    shown(command)
}

/// The machine's Node on a script.
pub(crate) fn node(script: impl AsRef<Path>) -> Command {
    let mut command = command("node");
    command.arg(script.as_ref());
    command
}

/// Runs with the output passed through, and fails when the program does.
pub(crate) fn shown(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    if status.success() { Ok(()) } else { bail!(failed(command, status)) }
}

/// Runs with the output kept; it is printed only when the program fails. Returns stdout.
pub(crate) fn quiet(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        eprint!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!(failed(command, output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs with stdout returned and stderr, where the program reports, passed through.
pub(crate) fn stdout(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::inherit()).output().with_context(|| cannot_start(command))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        bail!(failed(command, output.status))
    }
}

/// Like [`quiet`], and ends a program that takes longer than `limit`.
pub(crate) fn quiet_within(command: &mut Command, limit: Duration) -> Result<()> {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot start {:?}", command.get_program()))?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return if status.success() { Ok(()) } else { bail!(failed(command, status)) };
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            bail!("`{}` took longer than {} s", line(command), limit.as_secs());
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// What [`teed`] saw.
pub(crate) struct Teed {
    pub(crate) status: ExitStatus,
    /// Every line of stdout and stderr; the order between the two is the order of arrival.
    pub(crate) text: String,
}

/// Runs with the output passed through and returned.
pub(crate) fn teed(command: &mut Command) -> Result<Teed> {
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().with_context(|| cannot_start(command))?;
    let stderr = child.stderr.take().context("no stderr")?;
    let stdout = child.stdout.take().context("no stdout")?;
    let errors = thread::spawn(move || copy_lines(stderr, std::io::stderr()));
    let mut text = copy_lines(stdout, std::io::stdout());
    text.push_str(&errors.join().unwrap_or_default());
    Ok(Teed { status: child.wait()?, text })
}

fn copy_lines(from: impl Read, mut to: impl Write) -> String {
    let mut text = String::new();
    let mut from = BufReader::new(from);
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // A closed stdout is no reason to stop reading: the child would block.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        text.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    text
}

/// Where `name` is on the PATH.
pub(crate) fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

/// The command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy()];
    words.extend(command.get_args().map(OsStr::to_string_lossy));
    words.join(" ")
}

fn cannot_start(command: &Command) -> String {
    format!("cannot start `{}`: is it installed?", command.get_program().to_string_lossy())
}

fn failed(command: &Command, status: ExitStatus) -> String {
    format!("`{}` failed ({status})", line(command))
}
