//! Who is there, and what they can do.

use std::rc::Rc;

use super::feature::FeatureInfo;
use crate::error::{Code, Error, nearest};
use crate::reader::{At, Problems};
use crate::small::{ByName, join};

/// The features of a bus, by name.
#[derive(Debug, Default)]
pub struct Registry {
    features: ByName<Rc<str>, FeatureInfo>,
}

impl Registry {
    /// Adds a feature.
    ///
    /// # Errors
    /// `bus.invalid` with every problem of the description; `bus.feature_exists` when the name is taken.
    pub fn register(&mut self, info: FeatureInfo) -> Result<(), Error> {
        check(&info)?;
        if self.features.get(&info.name).is_some() {
            let message =
                format!("a feature `{}` is registered already; unregister it first, or use another name", info.name);
            return Err(Error::new(Code::FeatureExists, message));
        }
        self.features.insert(info.name.as_str().into(), info);
        Ok(())
    }

    /// Removes a feature, and says whether it was there.
    pub fn unregister(&mut self, name: &str) -> bool {
        self.features.remove(name).is_some()
    }

    /// Checks that there is such a feature with such an action.
    ///
    /// # Errors
    /// `bus.no_such_feature` or `bus.no_such_action`, with the nearest name that there is.
    pub fn resolve(&self, feature: &str, action: &str) -> Result<&FeatureInfo, Error> {
        let Some(info) = self.features.get(feature) else {
            let hint = hint(feature, &mut self.features.names());
            let message = format!("there is no feature `{feature}`{hint}");
            return Err(Error::new(Code::NoSuchFeature, message));
        };
        if !info.actions.iter().any(|known| known == action) {
            let hint = hint(action, &mut info.actions.iter().map(String::as_str));
            let message = format!("the feature `{feature}` has no action `{action}`{hint}");
            return Err(Error::new(Code::NoSuchAction, message));
        }
        Ok(info)
    }

    /// The features, by name.
    pub fn features(&self) -> impl Iterator<Item = &FeatureInfo> {
        self.features.iter().map(|(_, info)| info)
    }
}

/// What is there instead: the nearest name, or the first few.
fn hint(name: &str, known: &mut dyn Iterator<Item = &str>) -> String {
    let known: Vec<&str> = known.collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return format!("; did you mean `{near}`?");
    }
    if known.is_empty() {
        return "; none is registered".to_owned();
    }
    format!("; there are {}", join(&known[..known.len().min(10)], ", "))
}

fn check(info: &FeatureInfo) -> Result<(), Error> {
    let problems = Problems::default();
    let FeatureInfo { name, version, actions, .. } = info;
    let root = At::Pointer("");
    if !is_name(name) {
        let message = format_args!("`name` must be letters, digits, `_` and `-`, not `{name}`");
        problems.note(&At::Key(&root, "name"), message);
    }
    if !is_version(version) {
        let message = format_args!("`version` must be a semantic version such as `1.2.0`, not `{version}`");
        problems.note(&At::Key(&root, "version"), message);
    }
    for action in actions.iter().filter(|action| !is_name(action)) {
        let message = format_args!("the name of an action must be letters, digits, `_` and `-`, not `{action}`");
        problems.note(&At::Key(&At::Key(&root, "actions"), action), message);
    }
    problems.or(Some(()), Code::BusInvalid, "the feature")
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// `MAJOR.MINOR.PATCH`, with what SemVer 2.0 allows behind it.
fn is_version(version: &str) -> bool {
    let mut builds = version.splitn(2, '+');
    let mut cores = builds.next().unwrap_or_default().splitn(2, '-');
    let core = cores.next().unwrap_or_default();
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let plain = |part: &str| part == "0" || !part.starts_with('0');
    core.split('.').count() == 3
        && are_words(core, &|part| digits(part) && plain(part))
        && cores.next().is_none_or(|pre| are_words(pre, &|part| plain(part) || !digits(part)))
        && builds.next().is_none_or(|build| are_words(build, &|_| true))
}

/// Whether the parts between dots are letters, digits and `-`, and each as it should be.
#[inline(never)]
fn are_words(text: &str, fits: &dyn Fn(&str) -> bool) -> bool {
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.split('.').all(|part| word(part) && fits(part))
}
