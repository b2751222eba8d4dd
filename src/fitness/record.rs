//! Data as JSON and back, in little code.
//!
//! A derived `Serialize` and `Deserialize` are compiled anew for every type and every direction: for the workout alone
//! that was half of the coach's WebAssembly. Here a record lists its fields once, as trait objects, and one function
//! writes any record and another reads it.

use std::rc::Rc;

use super::reader::{At, Reader};
use crate::value::{Fields, Value, get, put};

/// What can be written as JSON.
pub(super) trait ToJson {
    /// Its JSON.
    fn to_json(&self) -> Value;
}

/// What can be read from JSON.
pub(super) trait FromJson {
    /// A harmless value, to be read over.
    fn blank() -> Self
    where
        Self: Sized;

    /// Takes the value that `json` says; reports what is wrong with it, such as that there is none.
    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader);
}

/// Defines a record: a struct that is an object in JSON. A field has its own name there, or the one that is given as
/// `field = "name": Type`; a name that ends in `?` is left out where the value is `null`. Unknown keys are passed over.
macro_rules! record {
    ($(#[$meta:meta])* pub struct $name:ident {
        $($(#[doc = $doc:literal])* pub $field:ident $(= $json:literal)?: $type:ty,)*
    }) => {
        $(#[$meta])*
        pub struct $name { $($(#[doc = $doc])* pub $field: $type,)* }

        #[cfg(feature = "schema")]
        impl $crate::fitness::schema::Described for $name {
            fn schema(definitions: &mut $crate::fitness::schema::Definitions) -> serde_json::Value {
                definitions.record(
                    stringify!($name),
                    $crate::fitness::record::names!($($field $($json)?),*),
                    &[$((concat!($($doc),*), <$type as $crate::fitness::schema::Described>::schema),)*],
                )
            }
        }

        impl $crate::fitness::record::ToJson for $name {
            fn to_json(&self) -> crate::value::Value {
                $crate::fitness::record::write(
                    $crate::fitness::record::names!($($field $($json)?),*),
                    &[$(&self.$field,)*],
                )
            }
        }

        impl $crate::fitness::record::FromJson for $name {
            fn blank() -> Self {
                Self { $($field: $crate::fitness::record::FromJson::blank(),)* }
            }

            fn read(
                &mut self,
                json: Option<&crate::value::Value>,
                at: &$crate::fitness::reader::At<'_>,
                reader: &mut $crate::fitness::reader::Reader,
            ) {
                $crate::fitness::record::read(
                    $crate::fitness::record::names!($($field $($json)?),*),
                    &mut [$(&mut self.$field,)*],
                    json,
                    at,
                    reader,
                );
            }
        }
    };
}

/// The names of fields in JSON, each followed by a space.
macro_rules! names {
    ($($field:ident $($json:literal)?),*) => { concat!($($crate::fitness::record::name!($field $($json)?), " "),*) };
}

/// The name of a field in JSON.
macro_rules! name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $json:literal) => {
        $json
    };
}

pub(super) use {name, names, record};

/// Writes an object: `names`, each followed by a space, and the values in the same order.
pub(super) fn write(names: &str, values: &[&dyn ToJson]) -> Value {
    let mut object = Fields::new();
    for (name, value) in names.split(' ').zip(values) {
        let json = value.to_json();
        match name.strip_suffix('?') {
            None => put(&mut object, name, json),
            Some(_) if json.is_null() => {}
            Some(name) => put(&mut object, name, json),
        }
    }
    Value::Map(Rc::new(object))
}

/// Reads an object that [`write()`] wrote.
pub(super) fn read(
    names: &str,
    values: &mut [&mut dyn FromJson],
    json: Option<&Value>,
    at: &At<'_>,
    reader: &mut Reader,
) {
    let Some(object) = reader.object(json, at) else { return };
    for (name, value) in names.split(' ').zip(values) {
        let name = name.strip_suffix('?').unwrap_or(name);
        value.read(get(object, name), &At::Key(at, name), reader);
    }
}

/// A copy, by way of JSON: what is rarely copied needs no code of its own for it.
pub(super) fn copy<T: ToJson + FromJson>(record: &T) -> T {
    let mut copy = T::blank();
    copy.read(Some(&record.to_json()), &At::Pointer(""), &mut Reader::default());
    copy
}

/// An object that is written once and has no type of its own: [`write()`] with its arguments.
pub(super) struct Object<'a>(pub(super) &'a str, pub(super) &'a [&'a dyn ToJson]);

impl ToJson for Object<'_> {
    fn to_json(&self) -> Value {
        write(self.0, self.1)
    }
}

impl ToJson for Value {
    fn to_json(&self) -> Value {
        self.clone()
    }
}

/// Anything at all.
impl FromJson for Value {
    fn blank() -> Self {
        Self::Null
    }

    fn read(&mut self, json: Option<&Value>, _: &At<'_>, _: &mut Reader) {
        *self = json.cloned().unwrap_or_default();
    }
}

impl ToJson for &str {
    fn to_json(&self) -> Value {
        Value::String((*self).into())
    }
}

impl ToJson for String {
    fn to_json(&self) -> Value {
        self.as_str().to_json()
    }
}

impl FromJson for String {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        if let Some(text) = reader.text(json, at) {
            *self = text.to_owned();
        }
    }
}

impl ToJson for bool {
    fn to_json(&self) -> Value {
        Value::Bool(*self)
    }
}

impl FromJson for bool {
    fn blank() -> Self {
        false
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        *self = reader.flag(json, at).unwrap_or_default();
    }
}

impl ToJson for u32 {
    fn to_json(&self) -> Value {
        Value::Int(i64::from(*self))
    }
}

impl FromJson for u32 {
    fn blank() -> Self {
        0
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        *self = reader.whole_within(json, at, (0, Self::MAX), "").unwrap_or_default();
    }
}

impl ToJson for f64 {
    fn to_json(&self) -> Value {
        Value::Number(*self)
    }
}

impl FromJson for f64 {
    fn blank() -> Self {
        0.0
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        *self = reader.number(json, at).unwrap_or_default();
    }
}

/// A range is a list of two.
impl<T: ToJson> ToJson for (T, T) {
    fn to_json(&self) -> Value {
        Value::List(Rc::new(vec![self.0.to_json(), self.1.to_json()]))
    }
}

impl<T: FromJson> FromJson for (T, T) {
    fn blank() -> Self {
        (T::blank(), T::blank())
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        let [from, to] = reader.list(json, at) else {
            reader.expected(at, "a list of two", json);
            return;
        };
        self.0.read(Some(from), &At::Place(at, 0), reader);
        self.1.read(Some(to), &At::Place(at, 1), reader);
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn to_json(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_json)
    }
}

/// What is missing or `null` is `None`.
impl<T: FromJson> FromJson for Option<T> {
    fn blank() -> Self {
        None
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        if let Some(json) = json.filter(|json| !json.is_null()) {
            self.insert(T::blank()).read(Some(json), at, reader);
        }
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn to_json(&self) -> Value {
        list(self.len(), &|place| self.get(place).map(T::to_json))
    }
}

/// A list of so many values, for whatever is in it.
#[inline(never)]
fn list(length: usize, at: &dyn Fn(usize) -> Option<Value>) -> Value {
    let mut list = Vec::with_capacity(length);
    for place in 0..length {
        list.push(at(place).unwrap_or_default());
    }
    Value::List(Rc::new(list))
}

impl<T: FromJson> FromJson for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, json: Option<&Value>, at: &At<'_>, reader: &mut Reader) {
        each(json, at, reader, &mut |json, at, reader| {
            self.push(T::blank());
            if let Some(item) = self.last_mut() {
                item.read(Some(json), at, reader);
            }
        });
    }
}

/// Reads the elements of a list, whatever they are.
#[inline(never)]
fn each(json: Option<&Value>, at: &At<'_>, reader: &mut Reader, read: &mut dyn FnMut(&Value, &At<'_>, &mut Reader)) {
    for (place, json) in reader.list(json, at).iter().enumerate() {
        read(json, &At::Place(at, place), reader);
    }
}
