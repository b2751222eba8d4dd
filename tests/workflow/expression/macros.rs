//! Macros: what is asked about each element.

use super::{assert_failures, assert_values};

#[test]
fn all_and_exists() {
    assert_values(&[
        ("input.sets.all(n, n >= 8)", "true"),
        ("input.sets.all(n, n > 8)", "false"),
        ("[].all(n, n / 0 == 1)", "true"),
        ("input.sets.exists(n, n == 10)", "true"),
        ("input.sets.exists(n, n == 11)", "false"),
        ("[].exists(n, true)", "false"),
        ("{'a': 1, 'b': 2}.all(key, key < 'c')", "true"),
        ("{'a': 1, 'b': 2}.exists(key, key == 'b')", "true"),
        // A later element may decide, as of `&&` and `||`.
        ("[1, 2].all(n, n == 1 ? 1 / 0 == 1 : false)", "false"),
        ("[1, 2].exists(n, n == 1 ? 1 / 0 == 1 : true)", "true"),
        ("['a', 1].all(n, n < 1)", "false"),
    ]);
    assert_failures(&[
        ("[1, 2].all(n, n == 1 ? 1 / 0 == 1 : true)", 26, "a whole number cannot be divided by 0"),
        ("[1].exists(n, n)", 15, "`exists` takes a boolean, not a number; compare it with something"),
        ("1.5.all(n, true)", 5, "`all` takes a list or a map, not a number"),
        ("input.goal.map(c, c)", 12, "`map` takes a list or a map, not a string"),
    ]);
}

#[test]
fn exists_one_wants_exactly_one_and_absorbs_nothing() {
    assert_values(&[
        ("[1, 2, 3].exists_one(n, n > 2)", "true"),
        ("[1, 2, 3].exists_one(n, n > 1)", "false"),
        ("[].exists_one(n, true)", "false"),
    ]);
    assert_failures(&[("[0, 1].exists_one(n, 1 / n == 1)", 24, "a whole number cannot be divided by 0")]);
}

#[test]
fn map_and_filter_build_lists() {
    assert_values(&[
        ("[1, 2].map(n, n * n)", "[1, 4]"),
        ("[1, 2, 3].map(n, n > 1, n * 10)", "[20, 30]"),
        ("[1, 2, 3].filter(n, n != 2)", "[1, 3]"),
        ("{'a': 1, 'b': 2}.map(key, key + '!')", "[\"a!\", \"b!\"]"),
        ("input.people.map(p, p.name)", "[\"Ada\", \"Bob\"]"),
        ("[[1, 2], [3]].map(row, row.map(n, n + row.size()))", "[[3, 4], [4]]"),
        ("[1].map(input, input + 1)", "[2]"),
        ("[1, 2].map(x, [x].map(x, x * 2)) == [[2], [4]]", "true"),
        ("[1, 2, 3].filter(n, n > 1).map(n, n * 2).exists(n, n == 6)", "true"),
        ("[1, 0].map(n, n > 0, 1 / n)", "[1]"),
        ("[3].map(run, run)[0]", "3"),
    ]);
    assert_failures(&[
        ("[0].map(n, 1 / n)", 14, "a whole number cannot be divided by 0"),
        ("[1].filter(n, 'a')", 15, "`filter` takes a boolean, not a string"),
        ("[1].map(n, n, n)", 12, "`map` takes a boolean, not a number"),
    ]);
}
