//! Who is there, and what they can do.

use super::feature::FeatureInfo;
use crate::error::{Code, Error, Problem, nearest};
use crate::small::ByName;

/// The features of a bus, by name.
#[derive(Debug, Default)]
pub struct Registry {
    features: ByName<String, FeatureInfo>,
}

impl Registry {
    /// Adds a feature.
    ///
    /// # Errors
    /// `bus.invalid` with every problem of the description; `bus.feature_exists` when the name is taken.
    pub fn register(&mut self, info: FeatureInfo) -> Result<(), Error> {
        let problems = check(&info);
        if !problems.is_empty() {
            return Err(Error::invalid(Code::BusInvalid, "the feature", problems));
        }
        if self.features.get(&info.name).is_some() {
            let message =
                format!("a feature `{}` is registered already; unregister it first, or use another name", info.name);
            return Err(Error::new(Code::FeatureExists, message));
        }
        self.features.insert(info.name.clone(), info);
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
            let hint = hint(feature, self.features.names());
            let message = format!("there is no feature `{feature}`{hint}");
            return Err(Error::new(Code::NoSuchFeature, message));
        };
        if !info.actions.iter().any(|known| known == action) {
            let hint = hint(action, info.actions.iter().map(String::as_str));
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
fn hint<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    if let Some(near) = nearest(name, known.clone()) {
        return format!("; did you mean `{near}`?");
    }
    let some: Vec<&str> = known.take(10).collect();
    if some.is_empty() { "; none is registered".to_owned() } else { format!("; there are {}", some.join(", ")) }
}

fn check(info: &FeatureInfo) -> Vec<Problem> {
    let mut problems = Vec::new();
    if !is_name(&info.name) {
        problems
            .push(Problem::new("/name", format!("`name` must be letters, digits, `_` and `-`, not `{}`", info.name)));
    }
    if !is_version(&info.version) {
        let message = format!("`version` must be a semantic version such as `1.2.0`, not `{}`", info.version);
        problems.push(Problem::new("/version", message));
    }
    for action in info.actions.iter().filter(|action| !is_name(action)) {
        let message = format!("the name of an action must be letters, digits, `_` and `-`, not `{action}`");
        problems.push(Problem::new(format!("/actions/{}", action.replace('~', "~0").replace('/', "~1")), message));
    }
    problems
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// `MAJOR.MINOR.PATCH`, with what SemVer 2.0 allows behind it.
fn is_version(version: &str) -> bool {
    let (version, build) = version.split_once('+').map_or((version, None), |(before, build)| (before, Some(build)));
    let (core, pre) = version.split_once('-').map_or((version, None), |(core, pre)| (core, Some(pre)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let plain = |part: &str| part == "0" || !part.starts_with('0');
    let word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    core.split('.').count() == 3
        && core.split('.').all(|part| digits(part) && plain(part))
        && pre.is_none_or(|pre| pre.split('.').all(|part| word(part) && (plain(part) || !digits(part))))
        && build.is_none_or(|build| build.split('.').all(word))
}
