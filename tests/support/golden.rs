//! Golden files: what was printed is compared with a file beside the test; `UPDATE=1 cargo test` writes them anew.

use std::fs;
use std::path::Path;

/// Compares `actual` with the file at `path` of the project's tree.
#[track_caller]
pub(crate) fn golden(path: &Path, actual: &str) {
    if std::env::var_os("UPDATE").is_some_and(|value| value == "1") {
        fs::write(path, actual).unwrap();
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert!(expected == actual, "{}{}", path.display(), difference(&expected, actual));
}

/// The first line that differs, with its number, then the whole of what was printed.
fn difference(expected: &str, actual: &str) -> String {
    let same = expected.lines().zip(actual.lines()).take_while(|(left, right)| left == right).count();
    let line = |text: &str| text.lines().nth(same).unwrap_or("(the end)").to_owned();
    format!(
        ":{} differs; UPDATE=1 writes it anew\n-{}\n+{}\n--- printed\n{actual}---",
        same + 1,
        line(expected),
        line(actual)
    )
}
