//! Numbers by name.

use std::rc::Rc;

use super::reader::{At, Reader};
use super::record::{FromJson, ToJson};
use crate::value::{Fields, Value, put};

/// Numbers by name, in the order of the names: a few of them, so a list serves better than a tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figures(Vec<(String, f64)>);

impl Figures {
    /// The number of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, number)| *number)
    }

    /// The number of that name, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut f64> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, number)| number)
    }

    /// Sets the number of a name.
    pub fn set(&mut self, name: &str, number: f64) {
        let place = self.0.iter().position(|(known, _)| known.as_str() >= name).unwrap_or(self.0.len());
        match self.0.get_mut(place) {
            Some((known, old)) if known == name => *old = number,
            _ => self.0.insert(place, (name.to_owned(), number)),
        }
    }

    /// Names and numbers, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, number)| (name.as_str(), *number))
    }
}

impl ToJson for Figures {
    fn to_json(&self) -> Value {
        let mut object = Fields::new();
        for (name, number) in self.iter() {
            put(&mut object, name, number.to_json());
        }
        Value::Map(Rc::new(object))
    }
}

impl FromJson for Figures {
    fn blank() -> Self {
        Self::default()
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        let Some(object) = reader.object(json, at) else { return };
        for (name, json) in object {
            if let Some(number) = reader.number(Some(json), &At::Key(at, name)) {
                self.set(name, number);
            }
        }
    }
}
