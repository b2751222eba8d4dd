//! Who is there, and what they can do.

use repflow::bus::{FeatureInfo, Registry};
use repflow::error::Code;

fn feature(name: &str, actions: &[&str]) -> FeatureInfo {
    FeatureInfo {
        name: name.to_owned(),
        version: "1.2.0".to_owned(),
        description: String::new(),
        capabilities: Vec::new(),
        actions: actions.iter().map(|&action| action.to_owned()).collect(),
    }
}

fn gym() -> Registry {
    let mut registry = Registry::default();
    for (name, actions) in [("user-analysis", &["analyzeProfile", "history"][..]), ("coach", &["plan"]), ("empty", &[])]
    {
        registry.register(feature(name, actions)).expect("the feature is well described");
    }
    registry
}

/// The code and the message of a request that finds nobody.
fn refused(registry: &Registry, feature: &str, action: &str) -> (Code, String) {
    let error = registry.resolve(feature, action).expect_err("nobody answers");
    (error.code(), error.message().to_owned())
}

#[test]
fn a_registered_action_is_found() {
    let registry = gym();
    let names: Vec<&str> = registry.features().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["coach", "empty", "user-analysis"], "by name");
    assert_eq!(
        registry.resolve("user-analysis", "history"),
        Ok(&feature("user-analysis", &["analyzeProfile", "history"]))
    );
}

#[test]
fn a_name_that_nobody_has_gets_the_nearest_or_all_that_there_are() {
    let registry = gym();
    for (name, action, code, message) in [
        ("caoch", "plan", Code::NoSuchFeature, "there is no feature `caoch`; did you mean `coach`?"),
        ("music", "play", Code::NoSuchFeature, "there is no feature `music`; there are coach, empty, user-analysis"),
        ("Coach", "plan", Code::NoSuchFeature, "there is no feature `Coach`; did you mean `coach`?"),
        (
            "user-analysis",
            "analyseProfile",
            Code::NoSuchAction,
            "the feature `user-analysis` has no action `analyseProfile`; did you mean `analyzeProfile`?",
        ),
        (
            "user-analysis",
            "plan",
            Code::NoSuchAction,
            "the feature `user-analysis` has no action `plan`; there are analyzeProfile, history",
        ),
        ("empty", "x", Code::NoSuchAction, "the feature `empty` has no action `x`; none is registered"),
    ] {
        assert_eq!(refused(&registry, name, action), (code, message.to_owned()));
    }
    let message = "there is no feature `coach`; none is registered".to_owned();
    assert_eq!(refused(&Registry::default(), "coach", "plan"), (Code::NoSuchFeature, message));
}

#[test]
fn at_most_ten_names_are_listed() {
    let mut registry = Registry::default();
    for number in 10..22 {
        registry.register(feature(&format!("feature-{number}"), &[])).expect("the names differ");
    }
    let (_, message) = refused(&registry, "coach", "plan");
    assert!(message.ends_with("feature-18, feature-19"), "{message}");
}

#[test]
fn a_name_is_taken_once_until_it_is_given_back() {
    let mut registry = gym();
    let error = registry.register(feature("coach", &["replaced"])).expect_err("the name is taken");
    assert_eq!(error.code(), Code::FeatureExists);
    assert_eq!(error.message(), "a feature `coach` is registered already; unregister it first, or use another name");
    assert!(registry.resolve("coach", "plan").is_ok(), "the first one is still there");
    assert!(registry.unregister("coach"));
    assert!(!registry.unregister("coach"));
    assert_eq!(refused(&registry, "coach", "plan").0, Code::NoSuchFeature);
    assert_eq!(registry.register(feature("coach", &["replaced"])), Ok(()));
    assert!(registry.resolve("coach", "replaced").is_ok());
}

#[test]
fn a_malformed_description_is_refused_with_every_problem() {
    let mut registry = Registry::default();
    let info = FeatureInfo { version: "1.2".to_owned(), ..feature("my coach", &["plan", "a/b~c", "", "naïve"]) };
    let error = registry.register(info).expect_err("nearly all of it is wrong");
    assert_eq!(error.code(), Code::BusInvalid);
    let pointers: Vec<&str> = error.problems().iter().map(|it| it.pointer.as_str()).collect();
    assert_eq!(pointers, ["/name", "/version", "/actions/a~1b~0c", "/actions/", "/actions/naïve"]);
    assert_eq!(registry.features().count(), 0);
    let error = registry.register(feature("", &[])).expect_err("it has no name");
    assert_eq!(error.problems()[0].message, "`name` must be letters, digits, `_` and `-`, not ``");
}

#[test]
fn versions_are_semantic() {
    // From the examples of semver.org.
    for version in [
        "0.0.4",
        "1.2.3",
        "10.20.30",
        "1.1.2-prerelease+meta",
        "1.1.2+meta",
        "1.0.0-alpha.1",
        "1.0.0-0",
        "1.0.0-0123a",
        "1.0.0+001",
        "1.0.0-0A.is.legal",
        "2.0.0-rc.1+build.123",
        "1.0.0+0.build.1-rc.10000aaa-kk-0.1",
        "99999999999999999999999.999999999999999999.99",
    ] {
        let info = FeatureInfo { version: version.to_owned(), ..feature("coach", &[]) };
        assert_eq!(Registry::default().register(info), Ok(()), "{version}");
    }
    for version in [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "v1.2.3",
        "1.2.x",
        "1..3",
        " 1.2.3",
        "1.2.3 ",
        "1.2.3-béta",
        "1.2.3-a b",
        "-1.0.3",
        "alpha",
        "+invalid",
        "1.2.3-",
        "1.2.3+",
        "1.2.3-a..b",
        "1.2.3+a+b",
        "01.2.3",
        "1.2.03",
        "1.2.3-01",
    ] {
        let info = FeatureInfo { version: version.to_owned(), ..feature("coach", &[]) };
        let error = Registry::default().register(info).expect_err(version);
        assert_eq!(error.problems()[0].pointer, "/version", "{version}");
    }
}
