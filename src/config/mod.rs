//! What the user writes: the file as text, as a spanned tree, and as typed values.
//!
//! Never decides policy, never looks at the machine.

mod at;
mod parse;
mod tree;

pub use at::At;
pub use parse::{SyntaxError, parse};
pub use tree::{Entry, Found, Node, Position, Sources, Span, Table, Value};
