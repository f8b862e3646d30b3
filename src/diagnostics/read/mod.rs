//! From the spanned tree to typed values, with every mistake of shape.
//!
//! Serde stops at the first mistake; here it is recorded, the place is left out, and the tree is read again. Knows no key.

mod de;
mod describe;
mod known;
mod leaves;
mod mistake;
mod place;
mod takeover;
#[cfg(test)]
mod tests;
mod types;
mod unknown;
mod values;
mod written;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::Diagnostics;
use crate::config::Table;
use de::{Reading, TableDe};
use describe::Describe;
use known::Known;

/// How often the tree is read at most; a file with more mistakes of type shows the rest next time.
const PASSES: usize = 100;

/// Reads typed values, records every mistake of shape, and leaves what is wrong at its default.
pub fn read<T: DeserializeOwned + Default + JsonSchema>(tree: &Table, problems: &mut Diagnostics) -> T {
    let reading = Reading::default();
    let mut value = None;
    for _ in 0..PASSES {
        match T::deserialize(TableDe::root(tree, &reading)) {
            Ok(read) => {
                value = Some(read);
                break;
            }
            Err(error) => {
                if !reading.record(error) {
                    break;
                }
            }
        }
    }
    let mistakes = reading.into_mistakes();
    for mistake in &mistakes {
        problems.leave_out(mistake.value);
    }
    if !mistakes.is_empty() {
        let known = Known::of::<T>();
        problems.extend(mistakes.iter().map(|mistake| Describe { known: &known, tree, mistake }.problem()));
    }
    value.unwrap_or_default()
}
