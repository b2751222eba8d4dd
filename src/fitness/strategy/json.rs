//! A value as JSON text that can stand between tags: no text in it can close them.

use crate::fitness::id::quoted;
use crate::number;
use crate::value::Value;

/// The JSON text of a value, without spaces; `<` and `>` are written `\u003c` and `\u003e`. Numbers have up to three
/// decimals, and what is too large for that is `null`.
pub(in crate::fitness) fn text(json: &Value) -> String {
    let mut text = String::new();
    write(json, &mut text);
    text
}

fn write(json: &Value, out: &mut String) {
    match json {
        Value::Null | Value::Host(_) => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(_) | Value::Number(_) => {
            let number = json.as_f64().filter(|number| number.abs() < 1e12);
            out.push_str(&number.map_or_else(|| "null".to_owned(), number::format));
        }
        Value::String(text) => quote(text, out),
        Value::List(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                separate(place, out);
                write(item, out);
            }
            out.push(']');
        }
        Value::Map(fields) => {
            out.push('{');
            for (place, (key, value)) in fields.iter().enumerate() {
                separate(place, out);
                quote(key, out);
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn separate(place: usize, out: &mut String) {
    if place > 0 {
        out.push(',');
    }
}

fn quote(text: &str, out: &mut String) {
    quoted(text, &mut |part| {
        out.push_str(match part {
            "<" => "\\u003c",
            ">" => "\\u003e",
            part => part,
        });
    });
}
