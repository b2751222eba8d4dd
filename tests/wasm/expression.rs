//! Expressions over JavaScript's values: read where they are, whatever they are.

use js_sys::{Array, Function, Object, Reflect};
use repflow::wasm::{engine, plan, run};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

/// What a piece of JavaScript returns.
fn js(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::NULL).expect("the test writes JavaScript")
}

fn field(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).expect("an object")
}

/// What an expression is worth in JavaScript, or its message.
fn evaluate(expression: &str, input: &JsValue) -> Result<JsValue, String> {
    let step = js("return { id: 'a', call: 'a.b' }");
    Reflect::set(&step, &"with".into(), &format!("{{{{ {expression} }}}}").into()).expect("an object");
    let definition = js("return { id: 'test' }");
    Reflect::set(&definition, &"steps".into(), &Array::of1(&step)).expect("an object");
    let handle = engine::engine_new();
    let compiled = plan::plan_compile(handle, &definition, 30_000.0).expect("a valid definition");
    let number = field(&compiled, "handle").as_f64().expect("a number") as u32;
    let started = run::run_start(handle, number, 7, None, 1_000.0) as u64 >> 32;
    let value = run::run_params(handle, started as u32, 0, 0, &"run-1".into(), input, &Array::new(), &Array::new());
    engine::engine_free(handle);
    value.map_err(|error| {
        assert_eq!(field(&error, "code").as_string().as_deref(), Some("expression.failed"));
        field(&error, "message").as_string().expect("a message")
    })
}

/// What an expression is worth, as JSON.
fn json(expression: &str, input: &JsValue) -> String {
    let value = evaluate(expression, input).unwrap_or_else(|message| panic!("{expression}: {message}"));
    js_sys::JSON::stringify(&value).map(String::from).unwrap_or_default()
}

fn fails(expression: &str, input: &JsValue, expected: &str) {
    let message = evaluate(expression, input).expect_err(expression);
    assert!(message.contains(expected), "{message}");
}

#[wasm_bindgen_test]
fn values_of_all_kinds_are_read() {
    let input = js(
        "return { n: 42.5, i: 7, text: 'größe', yes: true, none: null, list: [3, 1, 2], map: { a: 1, b: { c: 2 } } }",
    );
    for (expression, expected) in [
        ("input.n * 2", "85"),
        ("input.i / 2", "3.5"),
        ("int(input.i) / 2", "3"),
        ("input.i % 2 == 1", "true"),
        ("input.text + '!'", "\"größe!\""),
        ("input.text.size()", "5"),
        ("!input.yes || input.none == null", "true"),
        ("input.list.size() + size(input.map)", "5"),
        ("input.list.filter(x, x > 1)", "[3,2]"),
        ("input.list.map(x, x * x).exists(x, x == 9)", "true"),
        ("input.list + [4]", "[3,1,2,4]"),
        ("2 in input.list && 'b' in input.map", "true"),
        ("input.map.map(key, key)", "[\"a\",\"b\"]"),
        ("input.map == {'b': {'c': 2}, 'a': 1}", "true"),
        ("input.list[input.list[1]]", "1"),
        ("input.map['b'].c", "2"),
        ("{'sum': input.n + input.i}", "{\"sum\":49.5}"),
        ("string(input.n) + string(0.000001) + string(1e21)", "\"42.50.0000011e+21\""),
        ("[double('0.1'), double('1e-7'), -1.5e300]", "[0.1,1e-7,-1.5e+300]"),
        ("has(input.text) ? input.text : 'none'", "\"größe\""),
        ("9007199254740993", "9007199254740992"),
    ] {
        assert_eq!(json(expression, &input), expected, "{expression}");
    }
}

#[wasm_bindgen_test]
fn what_is_passed_on_is_the_very_object() {
    let input = js("return { a: { b: [{}, () => 1, Symbol()] }, big: 1n }");
    let list = field(&field(&input, "a"), "b");
    let same = |expression: &str, expected: &JsValue| {
        assert!(Object::is(&evaluate(expression, &input).expect(expression), expected), "{expression}");
    };
    same("input.a.b", &list);
    same("input.a.b[0]", &Reflect::get_u32(&list, 0).expect("a list"));
    same("true ? input.a.b[1] : null", &Reflect::get_u32(&list, 1).expect("a list"));
    same("input.a.b.filter(x, true)[2]", &Reflect::get_u32(&list, 2).expect("a list"));
    same("{'x': [input.a]}.x[0]", &field(&input, "a"));
    same("input.big", &field(&input, "big"));
}

#[wasm_bindgen_test]
fn only_what_the_expression_names_is_read() {
    let input = js("
        const read = [];
        const watch = (name, target) => new Proxy(target, { get: (it, key) => { read.push(name + '.' + String(key)); return it[key]; } });
        const rest = () => { throw new Error('nobody asked for it'); };
        const people = watch('people', [watch('ada', { name: 'Ada', get rest() { return rest(); } }), watch('bob', { name: 'Bob' })]);
        return watch('input', { people, read, get rest() { return rest(); } });
    ");
    let read = field(&input, "read");
    let read: &Array = read.unchecked_ref();
    read.set_length(0);
    assert_eq!(json("input.people[0].name", &input), "\"Ada\"");
    assert_eq!(read.join(" "), "input.people people.length people.0 ada.name");
    read.set_length(0);
    assert_eq!(json("input.people.size()", &input), "2");
    assert_eq!(read.join(" "), "input.people people.length");
    read.set_length(0);
    assert_eq!(json("input.people.exists(p, p.name == 'Ada')", &input), "true");
    assert!(!String::from(read.join(" ")).contains("bob"), "the first one decides");
    read.set_length(0);
    assert_eq!(json("has(input.people) && 'rest' in input", &input), "false", "a getter that throws is not there");
}

#[wasm_bindgen_test]
fn undefined_is_null_and_a_hole_as_well() {
    let input = js("return { a: undefined, list: [1, , 3] }");
    for (expression, expected) in [
        ("input.a == null", "true"),
        ("has(input.a)", "true"),
        ("'a' in input", "true"),
        ("input.list[1] == null", "true"),
        ("input.list.size()", "3"),
        ("input.list == [1, null, 3]", "true"),
        ("input.list.filter(x, x != null)", "[1,3]"),
    ] {
        assert_eq!(json(expression, &input), expected, "{expression}");
    }
    fails(
        "input.a + 1",
        &input,
        "fails at column 9: `+` takes two numbers, two strings or two lists, not null and a number",
    );
    fails("input.a.b", &input, "fails at column 9: there is undefined that has no field `b`");
    assert_eq!(json("input == null", &JsValue::UNDEFINED), "true");
}

#[wasm_bindgen_test]
fn own_fields_count_and_no_others() {
    let input = js("
        class Person { constructor() { this.name = 'Ada'; } get shout() { return 'ADA'; } hello() {} }
        const bare = Object.create(null);
        bare.x = 1;
        const hidden = Object.defineProperty({ a: 1, [Symbol('s')]: 2 }, 'b', { value: 2, enumerable: false });
        return { person: new Person(), bare, hidden, proto: JSON.parse('{\"__proto__\": 5}'), date: new Date(0), wrapped: new Map([['a', 1]]) };
    ");
    for (expression, expected) in [
        ("input.person.map(key, key)", "[\"name\"]"),
        ("has(input.person.shout) || has(input.person.hello) || has(input.person.constructor)", "false"),
        ("'toString' in input.person", "false"),
        ("input.bare.x + input.bare.size()", "2"),
        ("input.bare == {'x': 1}", "true"),
        ("input.hidden.size()", "1"),
        ("input.hidden == {'a': 1}", "true"),
        ("input.hidden.b", "2"),
        ("input.proto.size()", "1"),
        ("input.proto['__proto__']", "5"),
        ("{'__proto__': 1}.map(k, k)", "[\"__proto__\"]"),
        ("input.date.size() + input.wrapped.size()", "0"),
    ] {
        assert_eq!(json(expression, &input), expected, "{expression}");
    }
    fails("input.person.shout", &input, "has no field `shout`");
    fails("input.wrapped.a", &input, "there is an object that has no field `a`");
}

#[wasm_bindgen_test]
fn what_is_no_data_is_an_error_when_it_is_looked_at() {
    let input = js("return { f: () => 1, s: Symbol('x'), big: 1n, list: [() => 1] }");
    fails("input.f == input.f", &input, "a function is not data that can be compared");
    fails("1 in input.list", &input, "a function is not data that can be compared");
    fails("input.big == 1", &input, "a BigInt is not data that can be compared");
    fails("input.s + ''", &input, "not a symbol and a string");
    fails("input.f < 1", &input, "not a function and a number");
    fails("size(input.f)", &input, "`size` takes a string, a list or a map, not a function");
    fails("input.f ? 1 : 2", &input, "`?` takes a boolean, not a function");
}

#[wasm_bindgen_test]
fn hostile_objects_end_in_errors() {
    let input = js("
        const boom = () => { throw new Error('boom'); };
        const revoked = (target) => { const { proxy, revoke } = Proxy.revocable(target, {}); revoke(); return proxy; };
        const circle = { list: [] };
        circle.self = circle;
        circle.list.push(circle);
        const endless = new Proxy([], { get: (it, key) => key === 'length' ? 2 ** 40 : 1, getOwnPropertyDescriptor: () => undefined });
        return {
            getter: { get x() { return boom(); }, y: 1 },
            throws: new Proxy({}, { get: boom, ownKeys: boom, getOwnPropertyDescriptor: boom, has: boom }),
            map: revoked({}), list: revoked([]), circle, other: { list: circle.list, self: circle }, endless, wide: new Array(1e6),
        };
    ");
    assert_eq!(json("has(input.getter.x)", &input), "false");
    assert_eq!(json("input.getter.size()", &input), "2");
    fails("input.getter.x", &input, "has no field `x`");
    assert_eq!(json("size(input.throws)", &input), "0");
    assert_eq!(json("has(input.throws.x) || 'x' in input.throws", &input), "false");
    fails("input.throws.x", &input, "has no field `x`");
    fails("input.map.x", &input, "has no field `x`");
    fails("input.list[0]", &input, "has no element `0`");
    assert_eq!(json("input.list.map(x, x)", &input), "[]");
    fails("input.circle == input.other", &input, "the values are nested deeper than 128 levels");
    fails("input.endless.all(x, true)", &input, "it takes more than 100000 steps");
    fails("input.endless + [1]", &input, "it takes more than 100000 steps");
    fails("input.wide.all(x, x == null)", &input, "it takes more than 100000 steps");
    fails("2 in input.endless", &input, "it takes more than 100000 steps");
}

#[wasm_bindgen_test]
fn the_deepest_expression_fits_the_stack() {
    for (open, close) in
        [("(", ")"), ("[", "]"), ("-(", ")"), ("true ? 1 : ", ""), ("size([", "])"), ("[1].map(x, ", ")")]
    {
        let depth = if open.len() == 1 || close.is_empty() { 62 } else { 30 };
        let _ = evaluate(&format!("{}1{}", open.repeat(depth), close.repeat(depth)), &JsValue::NULL);
    }
    let deep = js("let deep = 1; for (let i = 0; i < 127; i++) deep = [deep]; return [deep, deep]");
    assert_eq!(json("input[0] == input[1]", &deep), "true");
}
