//! What holds of every expression.

use proptest::prelude::*;
use repflow::rng::Rng;
use repflow::workflow::StepIx;
use repflow::workflow::expression::{Expression, Names, Unresolved};
use serde_json::Value as Json;

use super::generate::{data, expression, literal};
use super::{Data, parse, value_of, written};

/// Every step is there, and a loop.
struct Anything(Vec<std::rc::Rc<str>>);

impl Names for Anything {
    fn step(&mut self, _: &str) -> Result<StepIx, Unresolved> {
        Ok(StepIx(0))
    }
    fn variables(&self) -> &[std::rc::Rc<str>] {
        &self.0
    }
}

fn some_data(seed: u64) -> Data {
    let mut rng = Rng::new(seed);
    Data { input: data(&mut rng), outputs: vec![data(&mut rng)], items: vec![data(&mut rng)] }
}

/// What an expression is worth, when it is one and is worth something.
fn shown(source: &str, data: &Data) -> Option<String> {
    parse(source).ok()?.evaluate(data).ok().map(|value| written(&value))
}

/// The column that a message names is one of the expression.
fn column_is_within(message: &str, source: &str) -> bool {
    let column =
        message.rsplit("olumn ").next().map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    let column = column.and_then(|digits| digits.parse::<usize>().ok());
    message.contains("olumn ") && column.is_none_or(|column| (1..=source.chars().count().max(1)).contains(&column))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_text_is_an_expression_or_refused_at_a_place_in_it(
        seed: u64,
        text in "\\PC{0,20}|((input|steps|run|id|output|a|x|é|\"|'|\\\\|r'|\\.|\\[|\\]|\\{|\\}|\\(|\\)|:|,|\\?|!|-|\\+|\\*|/|%|<|>|=|==|&&|\\|\\||in|has|size|\\.map\\(|\\.all\\(x,|null|true|[0-9]| |1e5|0x)){0,14}",
    ) {
        match Expression::parse(&text, &mut Anything(vec!["item".into()])) {
            Ok(expression) => { let _ = expression.evaluate(&some_data(seed)); }
            Err(error) => {
                prop_assert!(text.is_char_boundary(error.offset), "{} in {:?}", error.offset, text);
                prop_assert!(!error.message.is_empty());
            }
        }
    }

    #[test]
    fn what_is_nearly_an_expression_is_one_or_refused(seed: u64, at: prop::sample::Index, instead in "\\PC{0,2}") {
        let mut source = expression(&mut Rng::new(seed), true);
        let boundaries: Vec<usize> = source.char_indices().map(|(at, _)| at).collect();
        let at = boundaries[at.index(boundaries.len())];
        let end = at + source[at..].chars().next().map_or(0, char::len_utf8);
        source.replace_range(at..end, &instead);
        match parse(&source) {
            Ok(expression) => { let _ = expression.evaluate(&some_data(seed)); }
            Err(error) => prop_assert!(source.is_char_boundary(error.offset), "{} in {:?}", error.offset, source),
        }
    }

    #[test]
    fn a_value_written_as_a_literal_is_that_value(seed: u64) {
        let data = some_data(seed);
        let source = expression(&mut Rng::new(seed), true);
        if let Some(literal) = shown(&source, &data) {
            // Numbers that are not finite have no literal.
            if !literal.contains("inf") && !literal.contains("NaN") && !literal.contains("\\u{") {
                prop_assert_eq!(shown(&literal, &data), Some(literal));
            }
        }
    }

    #[test]
    fn every_text_has_its_literals(seed: u64, text in "\\PC{0,10}|[\\\\'\"\\n\\r`?]{0,6}") {
        let source = literal(&mut Rng::new(seed), &text);
        prop_assert_eq!(value_of(&source, &Data::default()).map(|it| it.to_text()), Ok(text));
    }

    #[test]
    fn an_error_names_a_column_of_the_expression(seed: u64) {
        let source = expression(&mut Rng::new(seed), false);
        if let Ok(expression) = parse(&source)
            && let Err(error) = expression.evaluate(&some_data(seed))
        {
            prop_assert!(column_is_within(error.message(), &source), "{}", error.message());
        }
    }

    #[test]
    fn space_and_parentheses_change_nothing(seed: u64) {
        let data = some_data(seed);
        let source = expression(&mut Rng::new(seed), true);
        let plain = shown(&source, &data);
        prop_assert_eq!(&plain, &shown(&format!("\n\t ({source}) \r"), &data));
        prop_assert_eq!(&plain, &shown(&format!("[{source}][0]"), &data));
        prop_assert_eq!(plain, shown(&format!("false ? 1 : {source}"), &data));
    }

    #[test]
    fn a_condition_holds_when_its_value_is_true(seed: u64) {
        let source = expression(&mut Rng::new(seed), true);
        if let Ok(expression) = parse(&source) {
            let data = some_data(seed);
            let value = expression.evaluate(&data).ok().map(|value| Json::from(&value));
            prop_assert_eq!(expression.holds(&data, "when").ok(), value.and_then(|value| value.as_bool()));
        }
    }
}
