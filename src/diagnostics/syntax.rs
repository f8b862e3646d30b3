//! Mistakes of the TOML itself, in words for people.

use super::{Code, Diagnostics, Problem};
use crate::config::{Sources, SyntaxError};

/// Records what the parser found: every key written twice, and of the grammar the first mistake.
pub fn syntax(errors: &[SyntaxError], sources: &Sources, problems: &mut Diagnostics) {
    let mut grammar = false;
    for error in errors {
        match error {
            SyntaxError::Grammar { span, message } if !grammar => {
                grammar = true;
                problems.push(Problem::error(Code::Syntax, message.clone()).span(*span, ""));
            }
            SyntaxError::Grammar { .. } => {}
            SyntaxError::Duplicate { span, first } => {
                let mut problem =
                    Problem::error(Code::DuplicateKey, format!("`{}` is written twice", sources.slice(*span)))
                        .span(*span, "here again");
                if let Some(first) = first {
                    problem = problem.span(*first, "here first");
                }
                problems.push(problem);
            }
            SyntaxError::TooDeep { span } => {
                problems.push(Problem::error(Code::NestedTooDeep, "nested too deep").span(*span, ""));
            }
            SyntaxError::NumberTooLarge { span } => {
                problems.push(Problem::error(Code::OutOfRange, "the number is too large").span(*span, ""));
            }
        }
    }
}
